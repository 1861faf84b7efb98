import Glibc
import Synchronization

private let isRequested = Atomic<Bool>(false)

/// Ctrl-C and SIGTERM as a question that a loop asks: what was begun is finished, the rest waits for the next run.
package enum StopSignal {
    /// Whether somebody asked to stop.
    package static var wasReceived: Bool { isRequested.load(ordering: .relaxed) }

    /// Catches the signals from now on; a second one of a kind ends the process at once, as ever.
    package static func install() {
        // The first access makes the flag: not for the first time in a handler.
        isRequested.store(false, ordering: .relaxed)
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in isRequested.store(true, ordering: .relaxed) }
        // Only waiting for input is to be cut short, no sync: that ends by itself.
        action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND)) | SA_RESTART
        sigemptyset(&action.sa_mask)
        sigaction(SIGINT, &action, nil)
        sigaction(SIGTERM, &action, nil)
        // A parent may have handed down that they are blocked, as one that starts this from a dispatch queue does.
        var caught = sigset_t()
        sigemptyset(&caught)
        sigaddset(&caught, SIGINT)
        sigaddset(&caught, SIGTERM)
        pthread_sigmask(SIG_UNBLOCK, &caught, nil)
    }
}
