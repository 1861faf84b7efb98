package import ArgumentParser
import Glibc

/// A command whose results go through one `Output`, and whose errors are reported in one line.
package protocol ReportingCommand: ParsableCommand {
    /// Whether an error is reported as JSON.
    var reportsJSON: Bool { get }

    /// Does what the command is for.
    func perform(_ output: inout Output) throws(CommandError)
}

extension ReportingCommand {
    /// Runs the command, reports its error on the standard error output, and exits with its code.
    package mutating func run() throws {
        // A reader that goes away shows as an error of the write, which ends a command quietly; also where another tool runs the command.
        signal(SIGPIPE, SIG_IGN)
        do throws(CommandError) {
            var output = Output(descriptor: STDOUT_FILENO)
            try perform(&output)
            try output.finish()
        } catch {
            if !error.isSilent { Report.error(error.code, "\(error)", json: reportsJSON) }
            throw ExitCode(error.exitCode)
        }
    }
}

/// What goes to the standard error output.
package enum Report {
    /// What the program is called.
    static let program = CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? "ashlar"

    /// Reports an error in one line: for people, or `{"error":{"code":…,"message":…}}`.
    package static func error(_ code: String, _ message: String, json: Bool) {
        var output = Output(descriptor: STDERR_FILENO)
        if json {
            output.write("{\"error\":{\"code\":")
            output.json(code)
            output.write(",\"message\":")
            output.json(message)
            output.write("}}\n")
        } else {
            line(message, to: &output)
        }
        output.flush()
    }

    /// Tells people something that is no error.
    package static func note(_ message: String) {
        var output = Output(descriptor: STDERR_FILENO)
        line("note: " + message, to: &output)
        output.flush()
    }

    /// Tells where the next page of a result begins, or that there is none.
    package static func page(_ next: String?) {
        var output = Output(descriptor: STDERR_FILENO)
        output.write(text: "next: \(next ?? "none")\n")
        output.flush()
    }

    private static func line(_ message: String, to output: inout Output) {
        let words = message.split(whereSeparator: \.isNewline).map { $0.trimmingSpaces }
        output.write(text: program + ": " + TextTable.printable(words.joined(separator: " ")) + "\n")
    }
}

extension Substring {
    /// The text without the spaces around it.
    fileprivate var trimmingSpaces: Substring {
        var result = self.drop { $0 == " " }
        while result.last == " " { result.removeLast() }
        return result
    }
}
