import ArgumentParser
import Ashlar
import AshlarStorage

/// `ashlar backup`: copies of a store that can be made beside its writer.
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Back up a store beside its writer; look at backups and check them.",
        discussion: """
            EXAMPLES
              ashlar backup chain /mnt/backups/chain --keep 7
              ashlar backup chain - | zstd | age -r age1… > chain.tar.zst.age
              ashlar backup chain - | ssh host 'cat > chain.tar'
              ashlar backup list /mnt/backups/chain
              ashlar backup verify /mnt/backups/chain
              ashlar restore /mnt/backups/chain restored

            `ashlar backup STORE DIR` is `ashlar backup make STORE DIR`, whose --help tells more.
            """,
        subcommands: [BackupMakeCommand.self, BackupListCommand.self, BackupVerifyCommand.self],
        defaultSubcommand: BackupMakeCommand.self)
}

/// Where a backup is, as the command line says it: a directory, an archive's file, or `-` for the standard input.
struct BackupPlace {
    let source: BackupSource

    /// Throws for a terminal, from which nobody types an archive.
    init(_ argument: String, generation: UInt64?) throws(CommandError) {
        if argument == "-" {
            guard !DescriptorOutput(descriptor: 0).isTerminal else {
                throw .refused(
                    code: "terminal",
                    message: "the standard input is a terminal; an archive comes from a pipe or a file")
            }
            source = .descriptor(0)
        } else if try Self.isDirectory(argument) {
            source = .directory(argument, generation: generation)
            return
        } else {
            source = .archive(argument)
        }
        guard generation == nil else {
            throw .refused(code: "invalidArgument", message: "an archive has one generation; leave out --generation")
        }
    }
}

/// Runs a part of a command that makes or reads backups, and turns its error into the command's.
func withBackup<Result: ~Copyable>(_ body: () throws(BackupError) -> Result) throws(CommandError) -> Result {
    do throws(BackupError) { return try body() } catch {
        switch error {
        case .store(let error): throw .store(error)
        case .inputOutput(let operation, let path, let code):
            throw .store(.inputOutput(operation: operation, path: path, code: code))
        case .inUse: throw .refusedInUse(message: "\(error)")
        case .damaged: throw .damaged(message: "\(error)")
        case .stopped: throw .interrupted(message: "stopped by a signal; nothing of it counts")
        case .notABackup: throw .refused(code: "notABackup", message: "\(error)")
        case .occupied: throw .refused(code: "occupied", message: "\(error)")
        case .otherStore: throw .refused(code: "otherStore", message: "\(error)")
        case .unsupported: throw .refused(code: "unsupported", message: "\(error)")
        case .changing: throw .refused(code: "changing", message: "\(error)")
        case .notReached: throw .refused(code: "notReached", message: "\(error)")
        case .invalidArgument: throw .refused(code: "invalidArgument", message: "\(error)")
        }
    }
}

extension BackupPlace {
    private static func isDirectory(_ path: String) throws(CommandError) -> Bool {
        do throws(StorageError) { return try SystemCalls.kind(of: path) == .directory } catch {
            throw .store(.inputOutput(operation: error.operation, path: error.path, code: error.code))
        }
    }
}
