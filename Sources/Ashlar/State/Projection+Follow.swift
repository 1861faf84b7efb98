import AshlarStorage

extension Projection {
    /// Keeps the models at the tip until the task is cancelled or the writer in this process is closed.
    ///
    /// In the writer's process it wakes with each commit; in another it looks at the log every 20 ms. `advanced` is told after each step how far it
    /// came; steps are bounded, so that a long catch-up can be watched. Throws what `advance` throws, and `store` if the log cannot be looked at.
    /// Returns without an error when it ends.
    public func follow(
        _ advanced: @Sendable (AdvanceOutcome) -> Void = { _ in }
    ) async throws(ProjectionError) {
        while !Task.isCancelled {
            let outcome = try advance(atMostBlocks: 256)
            advanced(outcome)
            if case .more = outcome {
                await Task.yield()
                continue
            }
            guard case .reachedTip(let position) = outcome, try await waitForMore(past: position.sequence) else {
                return
            }
        }
    }

    /// Waits until the log has more than `sequence`; false if nothing will come, or the task was cancelled.
    private func waitForMore(past sequence: UInt64) async throws(ProjectionError) -> Bool {
        let core = store.core
        while !Task.isCancelled {
            if core.isWriter {
                switch core.monitor.withLock({ $0.outlook(past: sequence, .committed) }) {
                case .more: return true
                case .over: return false
                case .failed(let error): throw .store(error)
                case .quiet: await core.waitForMore(past: sequence, .committed)
                }
            } else {
                do throws(StoreError) { try store.refresh() } catch { throw .store(error) }
                if store.sequence > sequence { return true }
                do { try await Task.sleep(for: .milliseconds(20)) } catch { return false }
            }
        }
        return false
    }
}
