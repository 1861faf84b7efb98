import Ashlar
import Synchronization

/// Keeps the models in step with the chain while it is indexed, so that there are snapshots from which queries start.
///
/// The models are applied beside the indexing, on another core. Whatever goes wrong with them is told and harms nothing: the log has it all.
struct ModelKeeper: Sendable {
    private let projection: Projection
    private let follower: Task<Void, Never>
    private let failures = Failures()

    private final class Failures: Sendable {
        let texts = Mutex<[String]>([])
    }

    /// Begins with the models of a store that is being written.
    init(_ store: Store) throws(ProjectionError) {
        let failures = failures
        var options = ProjectionOptions()
        options.report = { notice in
            switch notice {
            case .snapshotFailed, .snapshotSkipped: failures.texts.withLock { $0.append("\(notice)") }
            default: break
            }
        }
        let projection = Projection(store, options: options)
        _ = try projection.add(HeadersModel())
        _ = try projection.add(UnspentModel())
        self.projection = projection
        follower = Task.detached {
            do throws(ProjectionError) {
                try await projection.follow()
            } catch {
                failures.texts.withLock { $0.append("the models stand still: \(error)") }
            }
        }
    }

    /// Brings the models to the tip and takes snapshots there, unless there is no time for it; gives what people should know.
    consuming func finish(isHurried: Bool) -> [String] {
        follower.cancel()
        if !isHurried {
            do throws(ProjectionError) {
                try projection.advance()
                do throws(SnapshotError) { try projection.takeSnapshots() } catch {
                    note("no snapshot was taken: \(error)")
                }
            } catch {
                note("the models stand still: \(error)")
            }
        }
        projection.close()
        return failures.texts.withLock { Array(Set($0)).sorted() }
    }

    private func note(_ text: String) { failures.texts.withLock { $0.append(text) } }
}
