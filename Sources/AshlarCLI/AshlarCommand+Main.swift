import ArgumentParser
import Glibc

extension AshlarCommand {
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
        guard exitCode(for: error) != .success else {
            // Help and version come as errors too.
            var output = Output(descriptor: STDOUT_FILENO)
            output.write(text: fullMessage(for: error) + "\n")
            output.flush()
            return 0
        }
        let arguments = CommandLine.arguments.dropFirst()
        let names = configuration.subcommands.compactMap { $0.configuration.commandName }
        let command = arguments.first.flatMap { names.contains($0) ? "ashlar \($0)" : nil } ?? "ashlar"
        Report.error(
            "usage", "\(message(for: error)) (see `\(command) --help`)", json: arguments.contains("--json"))
        return ExitCodes.usage
    }
}
