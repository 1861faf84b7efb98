// swift-tools-version: 6.1
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
]

/// Ashlar beside its peers: `make bench` builds and runs it. The peers' drivers are C programs in `Peers`.
let package = Package(
    name: "ashlar-benchmarks",
    dependencies: [
        .package(name: "ashlar", path: "..", traits: []),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    ],
    targets: [
        .target(name: "CWorkload"),
        .executableTarget(
            name: "peer-ashlar",
            dependencies: ["CWorkload", .product(name: "Ashlar", package: "ashlar")],
            path: "Sources/AshlarDriver", swiftSettings: settings),
        .executableTarget(
            name: "bench-runner",
            dependencies: ["CWorkload", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            // Its tests are built for release like everything else here.
            path: "Sources/BenchRunner", swiftSettings: settings + [.unsafeFlags(["-enable-testing"])]),
        .testTarget(name: "BenchRunnerTests", dependencies: ["bench-runner"], swiftSettings: settings),
    ]
)
