// swift-tools-version: 6.1
import PackageDescription

// Arrows go one way: a target may depend only on targets above it in this list.
let package = Package(
  name: "permafrost",
  platforms: [.macOS(.v14)],
  products: [
    .executable(name: "permafrost", targets: ["permafrost"]),
    .library(
      name: "Permafrost",
      targets: [
        "Units", "Files", "Graph", "Checkpoints", "Steps", "TrainerModels", "Devices", "Simulation",
        "Optimization",
        "Planning", "Kernels", "Engine", "Tasks", "Training", "Calibration", "Verification", "Exporting",
        "Reporting",
      ]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swiftcsv/SwiftCSV", from: "0.10.0"),
  ],
  targets: [
    // C boundaries: a module map and a shim, or kernels that Swift cannot express.
    .systemLibrary(name: "CGLPK", providers: [.apt(["libglpk-dev"]), .brew(["glpk"])]),
    .systemLibrary(name: "CBLAS", providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
    .systemLibrary(name: "CNettle", providers: [.apt(["nettle-dev"]), .brew(["nettle"])]),
    // The module map's `link` reaches Swift importers only; this target is plain C.
    .target(name: "CGLPKGuard", dependencies: ["CGLPK"], linkerSettings: [.linkedLibrary("glpk")]),
    .target(
      name: "CKernels", dependencies: ["CBLAS"],
      // Not -ffast-math: it breaks the rounding trick inside the exponential. These three do not.
      cSettings: [.unsafeFlags(["-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast"])],
      // A module map links for Swift importers only; these are C sources. Linux loads it when it is first needed.
      linkerSettings: [.linkedLibrary("openblas", .when(platforms: [.macOS]))]),
    .target(name: "CSystem"),

    .target(name: "Units"),
    .target(name: "Graph", dependencies: ["Units"]),
    .target(name: "Files", dependencies: ["Units"]),
    .target(name: "Checkpoints", dependencies: ["Files", "Graph", "CNettle"]),
    .target(name: "Steps", dependencies: ["Graph"]),
    .target(name: "TrainerModels", dependencies: ["Steps", "Units"]),
    .target(name: "Devices", dependencies: ["Units", "Steps", "Yams"], resources: [.embedInCode("Profiles")]),
    .target(name: "Simulation", dependencies: ["Steps", "Devices"]),
    .target(name: "Optimization", dependencies: ["CGLPKGuard"]),
    .target(
      name: "Planning",
      dependencies: ["Files", "TrainerModels", "Simulation", "Optimization", "Checkpoints"]),
    .target(name: "Kernels", dependencies: ["CKernels"]),
    .target(name: "Limits", dependencies: ["Units", "CSystem"]),
    .target(name: "Engine", dependencies: ["Steps", "Kernels", "Checkpoints", "Limits"]),
    .target(name: "Tasks", dependencies: ["Files", "SwiftCSV"]),
    .target(name: "Training", dependencies: ["Engine", "Tasks", "Planning", "Limits"]),
    .target(name: "Calibration", dependencies: ["Training", "Simulation"]),
    // A child for the tests of Limits: it uses memory as it is told to. Not a product.
    .executableTarget(name: "limits-probe", dependencies: ["Limits"]),
    .target(
      name: "Exporting", dependencies: ["Planning", "Files", "Checkpoints", "TrainerModels", "Yams"],
      resources: [.embedInCode("Templates")]),
    .target(
      name: "Verification", dependencies: ["Training", "TrainerModels", "Limits", "Exporting"],
      resources: [.embedInCode("Templates")]),
    .target(name: "Reporting", dependencies: ["Planning", "Verification", "Exporting", "TrainerModels"]),
    .executableTarget(
      name: "permafrost",
      dependencies: [
        "Units", "Files", "Graph", "Checkpoints", "Steps", "Devices", "Simulation", "Optimization", "Planning",
        "Engine",
        "Tasks", "Training", "Calibration", "Limits", "Verification", "Exporting", "Reporting", "TrainerModels",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    .target(name: "TestSupport", path: "Tests/TestSupport"),
    .testTarget(name: "UnitsTests", dependencies: ["Units", "TestSupport"]),
    .testTarget(name: "FilesTests", dependencies: ["Files", "TestSupport"]),
    .testTarget(name: "GraphTests", dependencies: ["Graph"], resources: [.copy("Fixtures")]),
    .testTarget(name: "CheckpointsTests", dependencies: ["Checkpoints", "TestSupport"]),
    .testTarget(name: "StepsTests", dependencies: ["Steps", "Simulation", "TestSupport"]),
    .testTarget(name: "DevicesTests", dependencies: ["Devices", "TestSupport"]),
    .testTarget(name: "SimulationTests", dependencies: ["Simulation", "TestSupport"]),
    .testTarget(
      name: "TrainerModelsTests", dependencies: ["TrainerModels", "Simulation", "TestSupport"],
      resources: [.copy("Fixtures")]),
    .testTarget(name: "OptimizationTests", dependencies: ["Optimization", "TestSupport"]),
    .testTarget(name: "PlanningTests", dependencies: ["Planning", "TrainerModels", "TestSupport"]),
    .testTarget(
      name: "KernelsTests", dependencies: ["Kernels", "TestSupport"], resources: [.copy("Fixtures")]),
    .testTarget(
      name: "EngineTests", dependencies: ["Engine", "Planning", "TestSupport"], resources: [.copy("Fixtures")]),
    .testTarget(name: "TasksTests", dependencies: ["Tasks", "TestSupport"], resources: [.copy("Fixtures")]),
    .testTarget(
      name: "TrainingTests", dependencies: ["Training", "Engine", "Checkpoints", "TestSupport"],
      resources: [.copy("Fixtures")]),
    .testTarget(name: "CalibrationTests", dependencies: ["Calibration", "Planning", "TestSupport"]),
    .testTarget(name: "LimitsTests", dependencies: ["Limits", "limits-probe"]),
    .testTarget(
      name: "ExportingTests", dependencies: ["Exporting", "Files", "Checkpoints", "TestSupport", "Yams"],
      resources: [.copy("Fixtures")]),
    .testTarget(name: "VerificationTests", dependencies: ["Verification", "Checkpoints", "TestSupport"]),
    .testTarget(name: "CommandLineTests", dependencies: ["permafrost", "Checkpoints", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)
