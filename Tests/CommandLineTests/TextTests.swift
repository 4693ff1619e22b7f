import Reporting
import Testing

@Suite("Tables and progress")
struct TextTests {
  @Test("numbers end and names begin under their titles, and no line ends in spaces")
  func alignment() {
    var table = Table([.left("name"), .right("bytes"), .left("note")])
    table.append(["a", "1", ""])
    table.append(["longer", "1,000,000", "end"])
    #expect(
      table.text(TextStyle(columns: 80)) == """
        name        bytes  note
        a               1
        longer  1,000,000  end

        """)
  }

  @Test("only prose is broken, between words, and long words stay whole")
  func wrapping() {
    var table = Table([.left("name"), .prose("source")])
    table.append([
      "raspberry-pi", "a source that is longer than the line is https://example.org/a/long/address",
    ])
    #expect(
      table.text(TextStyle(columns: 40)) == """
        name          source
        raspberry-pi  a source that is longer
                      than the line is
                      https://example.org/a/long/address

        """)
    let natural = table.text(TextStyle(columns: 200))
    #expect(natural.split(separator: "\n").count == 2)
  }

  @Test("titles are broken at spaces and hyphens only where the table is too wide")
  func titles() {
    var table = Table([.left("share of the score"), .right("weight-change"), .right("peak")])
    table.append(["head", "12.5 %", "1.0 MiB"])
    #expect(
      table.text(TextStyle(columns: 42)) == """
        share of the score  weight-change     peak
        head                       12.5 %  1.0 MiB

        """)
    #expect(
      table.text(TextStyle(columns: 41)) == """
        share of   weight-     peak
        the score   change
        head        12.5 %  1.0 MiB

        """)
  }

  @Test("tones colour text on terminals only, and take no width")
  func tones() {
    var table = Table([.left("a"), .left("b")])
    table.append([Table.Cell("ok", .good), "x"])
    #expect(table.text(TextStyle()) == "a   b\nok  x\n")
    #expect(
      table.text(TextStyle(isColored: true))
        == "\u{1B}[1ma\u{1B}[0m   \u{1B}[1mb\u{1B}[0m\n\u{1B}[32mok\u{1B}[0m  x\n")
  }

  /// What a reporter writes when one unit of work is done a second.
  private func progress(_ mode: ProgressReporter.Mode, total: Int, each seconds: Double = 1) -> [String] {
    var lines: [String] = []
    var time = Duration.zero
    let progress = ProgressReporter(
      total: total, label: "training", mode: mode, write: { lines.append($0) }, now: { time })
    for step in 1...total {
      time += .seconds(seconds)
      progress.advance(to: step, detail: "loss \(step)")
    }
    progress.finish()
    progress.finish()
    return lines
  }

  @Test("without a terminal there is a plain line every five seconds, and one at the end")
  func lines() {
    #expect(
      progress(.lines, total: 13) == [
        "training: 1/13, 12.0 s left, loss 1\n", "training: 6/13, 7.0 s left, loss 6\n",
        "training: 11/13, 2.0 s left, loss 11\n", "training: 13/13, loss 13\n",
      ])
  }

  @Test("on a terminal one line is rewritten, and ended once")
  func bar() {
    let lines = progress(.bar, total: 3)
    #expect(lines.count == 4 && lines.last == "\n")
    #expect(
      lines.dropLast().allSatisfy { $0.hasPrefix("\r") && $0.hasSuffix("\u{1B}[K") && !$0.contains("\n") })
    #expect(lines[2].contains(String(repeating: "█", count: 24) + " 3/3"))
  }

  @Test("fast work is shown seldom, and silent work never")
  func seldom() {
    #expect(progress(.bar, total: 1000, each: 0.001).count <= 13)
    #expect(progress(.silent, total: 10).isEmpty)
  }

  @Test("work that is done before the delay shows nothing, other work its first line after it")
  func delayed() {
    func lines(total: Int) -> [String] {
      var lines: [String] = []
      var time = Duration.zero
      let progress = ProgressReporter(
        total: total, label: "planning", mode: .lines, delay: .seconds(3), write: { lines.append($0) },
        now: { time })
      for step in 1...total {
        time += .seconds(1)
        progress.advance(to: step)
      }
      progress.finish()
      return lines
    }
    #expect(lines(total: 2).isEmpty)
    #expect(lines(total: 5) == ["planning: 3/5, 2.0 s left\n", "planning: 5/5\n"])
  }

  @Test("work that was done before the clock started says nothing of how long the rest takes")
  func resumed() {
    var lines: [String] = []
    var time = Duration.zero
    let progress = ProgressReporter(
      total: 100, label: "training", from: 90, mode: .lines, write: { lines.append($0) }, now: { time })
    for step in 91...100 {
      time += .seconds(6)
      progress.advance(to: step)
    }
    #expect(lines.first == "training: 91/100, 54.0 s left\n" && lines.last == "training: 100/100\n")
  }

  @Test("work that ends early says how far it came, and nothing that was true only before")
  func early() {
    var lines: [String] = []
    var time = Duration.zero
    let progress = ProgressReporter(
      total: 10, label: "priming", mode: .lines, write: { lines.append($0) }, now: { time })
    for step in 1...3 {
      time += .seconds(0.5)
      progress.advance(to: step, detail: "loss \(step)")
    }
    progress.finish()
    progress.advance(to: 9)
    #expect(lines == ["priming: 1/10, loss 1\n", "priming: 3/10, 3.5 s left\n"])
  }
}
