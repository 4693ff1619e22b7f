import ArgumentParser
import Planning
import Reporting

struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge", abstract: "Puts the shards of a sweep together, to what one run would have written.")

  @Argument(help: "Files by 'permafrost sweep --shard', in any order; or one whole sweep, to draw it again.")
  var shards: [String]

  @OptionGroup var files: SweepOutputOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    try CommandFiles(reads: shards.map { .file("a shard", $0) }, writes: files.outputs).check()
    let sweep = try Sweep.merge(shards.map { ($0, try Sweep.read($0)) })
    try files.write(sweep)
    try output.print(SweepReport(sweep))
  }
}
