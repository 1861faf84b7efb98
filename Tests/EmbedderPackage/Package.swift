// swift-tools-version: 6.1
import PackageDescription

/// An application that embeds the core alone. `make embedder` builds it and proves that nothing else comes along.
let package = Package(
    name: "embedder",
    dependencies: [
        .package(name: "ashlar", path: "../..", traits: [])
    ],
    targets: [
        .executableTarget(name: "embedder", dependencies: [.product(name: "Ashlar", package: "ashlar")]),
        .executableTarget(name: "states", dependencies: [.product(name: "Ashlar", package: "ashlar")]),
    ]
)
