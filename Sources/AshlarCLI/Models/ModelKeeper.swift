package import Ashlar
import Synchronization

/// Keeps models in step with a store while this process writes it, so that there are snapshots from which queries start.
///
/// The models are applied beside the writing, on another core. Whatever goes wrong with them is told and harms nothing: the log has it all.
package struct ModelKeeper: Sendable {
    private let projection: Projection
    private let follower: Task<Void, Never>
    private let problems = Problems()

    private final class Problems: Sendable {
        private let texts = Mutex<Set<String>>([])

        var all: [String] { texts.withLock { $0.sorted() } }

        func add(_ text: String) { texts.withLock { _ = $0.insert(text) } }
    }

    /// Begins to keep models of a store.
    package init(_ store: Store, models: [KnownModel]) throws(ProjectionError) {
        let problems = problems
        var options = ProjectionOptions()
        options.report = { notice in
            switch notice {
            case .snapshotFailed, .snapshotSkipped: problems.add("\(notice)")
            default: break
            }
        }
        let projection = Projection(store, options: options)
        for model in models { _ = try model.fold(in: projection) }
        self.projection = projection
        follower = Task.detached {
            do throws(ProjectionError) { try await projection.follow() } catch {
                problems.add("the models stand still: \(error)")
            }
        }
    }

    /// Brings the models to the tip and takes snapshots there, unless there is no time for it; gives what people should know.
    package func finish(isHurried: Bool) -> [String] {
        follower.cancel()
        if !isHurried {
            do throws(ProjectionError) {
                try projection.advance()
                do throws(SnapshotError) { try projection.takeSnapshots() } catch {
                    problems.add("no snapshot was taken: \(error)")
                }
            } catch {
                problems.add("the models stand still: \(error)")
            }
        }
        projection.close()
        return problems.all
    }
}
