// swift-tools-version: 6.1
import PackageDescription

/// Everything an embedder does not need hangs on a trait: with `traits: []` nothing but the core is fetched and linked.
let whenCLI: TargetDependencyCondition? = .when(traits: ["CLI"])
let whenMetrics: TargetDependencyCondition? = .when(traits: ["Metrics"])
let whenBitcoin: TargetDependencyCondition? = .when(traits: ["Bitcoin"])

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    // Ways to break the engine on purpose, for `make seeded-bugs`; a release build has none of them.
    .define("SEEDED_BUGS", .when(configuration: .debug)),
]

let package = Package(
    name: "ashlar",
    products: [
        .library(name: "Ashlar", targets: ["Ashlar"]),
        .library(name: "AshlarMetrics", targets: ["AshlarMetrics"]),
        .library(name: "AshlarCLI", targets: ["AshlarCLI"]),
        .executable(name: "ashlar", targets: ["ashlar-tool"]),
        .executable(name: "ashlar-bitcoin", targets: ["ashlar-bitcoin"]),
    ],
    traits: [
        .trait(name: "CLI", description: "The command line tool `ashlar` and its commands as a library."),
        .trait(name: "Bitcoin", description: "The example indexer `ashlar-bitcoin`."),
        .trait(name: "Metrics", description: "Metrics by swift-metrics and logs by swift-log."),
        .default(enabledTraits: ["CLI", "Bitcoin", "Metrics"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "3.12.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        .systemLibrary(name: "CAshlarZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CAshlarLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .target(name: "CAshlarChecksum", dependencies: ["CAshlarZlib"]),
        .target(
            name: "AshlarFormat", dependencies: ["CAshlarChecksum", "CAshlarLZ4", "CAshlarZlib"],
            swiftSettings: settings),
        .target(name: "CAshlarSystem"),
        .target(name: "AshlarStorage", dependencies: ["CAshlarSystem"], swiftSettings: settings),
        .target(name: "Ashlar", dependencies: ["AshlarFormat", "AshlarStorage"], swiftSettings: settings),
        .target(
            name: "AshlarMetrics",
            dependencies: [
                "Ashlar", .product(name: "CoreMetrics", package: "swift-metrics", condition: whenMetrics),
                .product(name: "Logging", package: "swift-log", condition: whenMetrics),
            ],
            swiftSettings: settings),
        .target(name: "AshlarJSON", swiftSettings: settings),
        .systemLibrary(name: "CAshlarSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CAshlarPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(
            name: "AshlarExport", dependencies: ["Ashlar", "AshlarFormat", "AshlarJSON", "AshlarStorage"],
            swiftSettings: settings),
        .target(
            name: "AshlarSQLite", dependencies: ["AshlarExport", "CAshlarSQLite"], swiftSettings: settings),
        .target(
            name: "AshlarPostgres", dependencies: ["AshlarExport", "CAshlarPQ"], swiftSettings: settings),
        .target(
            name: "AshlarEasyLayer",
            dependencies: [
                "Ashlar", "AshlarExport", "AshlarFormat", "AshlarJSON", "AshlarStorage", "CAshlarZlib",
            ],
            swiftSettings: settings),
        .target(
            name: "AshlarCLI",
            dependencies: [
                "Ashlar", "AshlarEasyLayer", "AshlarExport", "AshlarFormat", "AshlarJSON", "AshlarPostgres",
                "AshlarSQLite", "AshlarStorage", "CAshlarPQ", "CAshlarSQLite", "CAshlarZlib",
                .product(name: "ArgumentParser", package: "swift-argument-parser", condition: whenCLI),
                .product(name: "Histogram", package: "hdrhistogram-swift", condition: whenCLI),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "ashlar-tool",
            dependencies: [
                "AshlarCLI",
                .product(name: "ArgumentParser", package: "swift-argument-parser", condition: whenCLI),
            ],
            swiftSettings: settings),
        .target(
            name: "AshlarBitcoin",
            dependencies: [
                "Ashlar", "AshlarCLI", "AshlarJSON",
                .product(name: "ArgumentParser", package: "swift-argument-parser", condition: whenBitcoin),
                .product(name: "Crypto", package: "swift-crypto", condition: whenBitcoin),
            ],
            swiftSettings: settings),
        .executableTarget(name: "ashlar-bitcoin", dependencies: ["AshlarBitcoin"], swiftSettings: settings),
        .target(
            name: "AshlarTestSupport",
            dependencies: ["Ashlar", "AshlarExport", "AshlarFormat", "AshlarSQLite", "AshlarStorage", "CAshlarZlib"],
            path: "Tests/AshlarTestSupport", swiftSettings: settings),
        .target(
            name: "AshlarExportTestSupport", dependencies: ["AshlarExport", "Ashlar", "AshlarTestSupport"],
            path: "Tests/AshlarExportTestSupport", swiftSettings: settings),
        .executableTarget(
            name: "trap-driver", dependencies: ["Ashlar", "AshlarStorage", "AshlarTestSupport"],
            path: "Tests/TrapDriver", swiftSettings: settings),
        .target(
            name: "AshlarFuzz",
            dependencies: [
                "Ashlar", "AshlarBitcoin", "AshlarCLI", "AshlarEasyLayer", "AshlarFormat", "AshlarStorage",
            ],
            path: "Tests/Fuzz/Targets", swiftSettings: settings),
        .testTarget(
            name: "AshlarFuzzTests", dependencies: ["AshlarFuzz"], path: "Tests/Fuzz/Replay", swiftSettings: settings),
        .testTarget(
            name: "AshlarFormatTests",
            dependencies: ["AshlarFormat", "AshlarTestSupport", "CAshlarChecksum", "CAshlarZlib"],
            swiftSettings: settings),
        .testTarget(
            name: "AshlarStorageTests", dependencies: ["AshlarStorage", "AshlarTestSupport"], swiftSettings: settings),
        .testTarget(
            name: "AshlarTests",
            dependencies: [
                "Ashlar", "AshlarExport", "AshlarExportTestSupport", "AshlarSQLite", "AshlarTestSupport",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "AshlarMetricsTests",
            dependencies: [
                "AshlarMetrics", "Ashlar", "AshlarTestSupport",
                .product(name: "MetricsTestKit", package: "swift-metrics", condition: whenMetrics),
                .product(name: "Logging", package: "swift-log", condition: whenMetrics),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "AshlarJSONTests", dependencies: ["AshlarJSON", "AshlarTestSupport"], swiftSettings: settings),
        .testTarget(
            name: "AshlarExportTests",
            dependencies: [
                "AshlarExport", "AshlarExportTestSupport", "AshlarJSON", "AshlarSQLite", "Ashlar", "AshlarTestSupport",
                "CAshlarZlib",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "AshlarPostgresTests",
            dependencies: [
                "AshlarExport", "AshlarExportTestSupport", "AshlarPostgres", "Ashlar", "AshlarTestSupport",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "AshlarEasyLayerTests",
            dependencies: [
                "AshlarEasyLayer", "AshlarExport", "AshlarFormat", "AshlarPostgres", "AshlarSQLite", "Ashlar",
                "AshlarTestSupport", "CAshlarZlib",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "AshlarCLITests",
            dependencies: [
                "AshlarCLI", "AshlarEasyLayer", "AshlarExport", "AshlarPostgres", "AshlarSQLite", "Ashlar",
                "AshlarFormat",
                "AshlarTestSupport",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "AshlarBitcoinTests",
            dependencies: [
                "AshlarBitcoin", "AshlarCLI", "AshlarJSON", "AshlarExport", "AshlarPostgres", "Ashlar",
                "AshlarTestSupport",
            ],
            swiftSettings: settings),
    ]
)

// Micro-benchmarks look at what is `package`, so they are targets of this package; only `make bench-micro` builds them.
if let micro = Context.environment["ASHLAR_MICRO"] {
    package.targets += [
        .target(
            name: "MicroWork", dependencies: ["Ashlar", "AshlarFormat", "AshlarStorage"], path: "Benchmarks/Micro/Work",
            swiftSettings: settings),
        .executableTarget(
            name: "ashlar-micro", dependencies: ["MicroWork"], path: "Benchmarks/Micro/Count", swiftSettings: settings),
    ]
    if micro == "time" {
        package.dependencies.append(
            .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []))
        package.targets.append(
            .executableTarget(
                name: "MicroTime",
                dependencies: ["MicroWork", .product(name: "Benchmark", package: "benchmark")],
                path: "Benchmarks/MicroTime", swiftSettings: settings,
                plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]))
    }
}

// A fuzzer has no `main` of its own, so it is built only where libFuzzer brings one: by `make fuzz`.
if Context.environment["ASHLAR_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "ashlar-fuzz", dependencies: ["AshlarFuzz"], path: "Tests/Fuzz/Driver", swiftSettings: settings))
}
