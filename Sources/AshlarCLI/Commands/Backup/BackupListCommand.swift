import ArgumentParser
import Ashlar

/// `ashlar backup list`: the generations in a directory.
struct BackupListCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the generations in a backup's directory, oldest first.",
        discussion: """
            EXAMPLES
              ashlar backup list /mnt/backups/chain

            With --json an object a line: {"generation","created","sequence","tipHeight","files","bytes"}.
            """)

    @Argument(help: "The backup's directory.")
    var directory: String

    @Flag(help: "JSON Lines: one object a line.")
    var json = false

    var reportsJSON: Bool { json }

    func perform(_ output: inout Output) throws(CommandError) {
        let path = directory
        for found in try withBackup({ () throws(BackupError) in try Backup.generations(at: path) }) {
            if json { found.json(&output) } else { found.text(&output) }
        }
    }
}

extension BackupGeneration {
    fileprivate func text(_ output: inout Output) {
        let height = tipHeight.map { "height \($0)" } ?? "no block"
        output.write(
            text: "generation \(number)  \(TimeText.format(created))  sequence \(sequence)  \(height)  \(files) files  "
                + "\(bytes) bytes\n")
    }

    /// Writes it as an object.
    func json(_ output: inout Output, lineEnd: Bool = true) {
        output.write(text: "{\"generation\":\(number),\"created\":\(created.microseconds),\"sequence\":\(sequence)")
        output.write(",\"tipHeight\":")
        output.json(tipHeight)
        output.write(text: ",\"files\":\(files),\"bytes\":\(bytes)}" + (lineEnd ? "\n" : ""))
    }
}
