public import ArgumentParser
import Ashlar
import Glibc

extension AshlarCommand {
    /// All commands of the tool, to be subcommands of another one that knows models of its own.
    public static func subcommands(knowing models: [KnownModel]) -> [any ParsableCommand.Type] {
        KnownModels.add(models)
        return configuration.subcommands
    }

    /// Runs the command that the program's arguments name, for a program that knows models of its own, and exits with its code.
    public static func main(models: [KnownModel]) {
        KnownModels.add(models)
        main()
    }

    /// Runs the command that the program's arguments name, and exits with its code.
    public static func main() {
        // A reader that goes away shows as an error of the write, which ends a command quietly.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            Glibc.exit(report(error))
        }
    }

    /// Reports what parsing the arguments or running a command threw, and gives the exit code.
    private static func report(_ error: any Error) -> Int32 {
        if let code = error as? ExitCode { return code.rawValue }
        let arguments = CommandLine.arguments.dropFirst()
        let json = arguments.contains("--json")
        switch exitCode(for: error) {
        case .success:
            // Help and version come as errors too.
            var output = Output(descriptor: STDOUT_FILENO)
            output.write(text: fullMessage(for: error) + "\n")
            output.flush()
            return 0
        case .validationFailure:
            let names = configuration.subcommands.compactMap { $0.configuration.commandName }
            let command = arguments.first.flatMap { names.contains($0) ? "ashlar \($0)" : nil } ?? "ashlar"
            Report.error("usage", "\(message(for: error)) (see `\(command) --help`)", json: json)
            return ExitCodes.usage
        default:
            let failure = (error as? CommandError) ?? (error as? StoreError).map { .store($0) }
            Report.error(failure?.code ?? "system", failure?.description ?? "\(error)", json: json)
            return failure?.exitCode ?? ExitCodes.system
        }
    }
}
