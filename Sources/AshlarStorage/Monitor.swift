#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A lock with a condition to wait for, around a value.
///
/// `Mutex` of the standard library has no condition, and a store must be able to wait for a sync that another thread does.
///
/// Sendable although unchecked: `value` is only touched while `mutex` is held, and the two pthread objects, which never move, are made for
/// use from several threads.
package final class Monitor<Value: ~Copyable>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var value: Value

    package init(_ value: consuming sending Value) {
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
        self.value = value
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` while holding the lock.
    @inline(__always)
    package func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }

    /// Runs `body` while holding the lock, again and again until it is done; in between it lets go of the lock and waits for `signal`.
    ///
    /// Each run of `body` is an access of its own: were one access to span a wait, the compiler could keep fields in registers that other
    /// threads change meanwhile. It is run again for no reason at times.
    package func withLockWaiting<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> MonitorStep<Result>
    ) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            switch try body(&value) {
            case .done(let result): return result
            case .wait(let deadline): wait(until: deadline)
            }
        }
    }

    private func wait(until deadline: UInt64?) {
        guard let deadline else {
            pthread_cond_wait(condition, mutex)
            return
        }
        var time = timespec(tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
        pthread_cond_timedwait(condition, mutex, &time)
    }

    /// Wakes all who wait.
    package func signal() { pthread_cond_broadcast(condition) }
}

/// What one run under a monitor's lock came to.
package enum MonitorStep<Result> {
    case done(Result)
    /// To be run again after `signal`, or at the deadline in monotonic nanoseconds.
    case wait(until: UInt64?)
}

/// A thread of its own, for work that blocks in system calls.
package final class WorkerThread: Sendable {
    private let handle: pthread_t

    /// Starts a thread that runs `body`, or fails with the system's error.
    package init(_ body: @escaping @Sendable () -> Void) throws(StorageError) {
        let box = Unmanaged.passRetained(Body(body))
        var handle = pthread_t()
        let status = pthread_create(
            &handle, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        guard status == 0 else {
            box.release()
            throw StorageError(operation: "start a thread for", path: "syncing", code: status)
        }
        self.handle = handle
    }

    /// Waits until the thread has ended; to be called once.
    package func join() { pthread_join(handle, nil) }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
