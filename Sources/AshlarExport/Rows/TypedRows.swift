import Ashlar

/// Puts events into the tables of a map.
struct TypedRows {
    /// Which tables take an event, and its model's name.
    private struct Route {
        var tables: [Int] = []
        var model: [UInt8] = []
    }

    private struct Key: Hashable {
        var model: Int
        var type: Int
    }

    private var tables: [TypedTable]
    private var routes: [Key: Route] = [:]
    /// The route of the event before: events of a kind often follow each other.
    private var last: (key: Key, route: Route)?

    init(_ tables: [TypedTable]) { self.tables = tables }

    /// Whether there are no such tables.
    var isEmpty: Bool { tables.isEmpty }

    /// How many values did not fit so far.
    var misfits: Int { tables.reduce(0) { $0 + $1.misfitCount } }

    /// Adds the rows of an event to `rows`, which are those of a part of a change set.
    ///
    /// Throws `refused` (`misfit`) for a value that does not fit, where the map says so.
    mutating func append(_ event: StepEvent, _ height: Int64?, to rows: inout [RowBuffer]) throws(ExportError) {
        let route = route(of: event)
        for index in route.tables {
            do throws(Misfit) {
                try tables[index].append(
                    payload: event.payload, model: route.model.span.bytes, sequence: event.sequence,
                    ordinal: event.ordinal, height: height, time: event.timestamp.microseconds,
                    to: &rows[LogTable.allCases.count + index])
            } catch {
                throw .refused(code: "misfit", message: "\(error)")
            }
        }
    }

    private mutating func route(of event: StepEvent) -> Route {
        let key = Key(model: event.modelIndex, type: event.typeIndex)
        if let last, last.key == key { return last.route }
        let route = routes[key] ?? newRoute(event, key)
        last = (key, route)
        return route
    }

    private mutating func newRoute(_ event: StepEvent, _ key: Key) -> Route {
        let (model, type) = (event.model, event.type)
        let route = Route(
            tables: tables.indices.filter { tables[$0].mapped.matches(model: model, type: type) },
            model: Array(model.utf8))
        routes[key] = route
        return route
    }
}
