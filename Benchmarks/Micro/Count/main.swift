import Glibc
import MicroWork

/// Runs one hot path, for a profiler that counts: `ashlar-micro NAME ITERATIONS`, or `ashlar-micro list`.
let arguments = CommandLine.arguments
if arguments.count == 2, arguments[1] == "list" {
    for work in MicroWork.all { print("\(work.name)\t\(work.operations)\t\(work.unit)") }
} else if arguments.count == 3, let work = MicroWork.all.first(where: { $0.name == arguments[1] }),
    let iterations = Int(arguments[2]), iterations >= 0
{
    let iterate = try work.prepare()
    for _ in 0..<iterations { try iterate() }
} else {
    print("usage: ashlar-micro list | NAME ITERATIONS")
    exit(64)
}
