import Benchmark
import MicroWork

/// The same hot paths by the clock, for whoever has a machine of their own: `make bench-micro-time`.
let benchmarks: @Sendable () -> Void = {
    for work in MicroWork.all {
        Benchmark(
            "\(work.name), \(work.operations) × \(work.unit)",
            configuration: .init(metrics: [.wallClock, .throughput], maxDuration: .seconds(2))
        ) { benchmark in
            let iterate = try work.prepare()
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations { try iterate() }
            benchmark.stopMeasurement()
        }
    }
}
