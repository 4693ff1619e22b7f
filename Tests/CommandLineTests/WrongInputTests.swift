import Foundation
import TestSupport
import Testing

/// Command lines and inputs that must each end in one line and the right exit code.
struct WrongInput: Sendable, CustomTestStringConvertible {
  let arguments: [String]
  let exitCode: Int32
  /// What the line has to say.
  let words: String
  /// A file to be there, by name.
  var file: (name: String, text: String)?

  var testDescription: String { arguments.joined(separator: " ") }

  /// - Parameter line: arguments between spaces, '' for an empty one.
  init(_ line: String, _ exitCode: Int32, _ words: String, file: (name: String, text: String)? = nil) {
    arguments = line.split(separator: " ").map { $0 == "''" ? "" : String($0) }
    (self.exitCode, self.words, self.file) = (exitCode, words, file)
  }
}

@Suite("Wrong inputs")
struct WrongInputTests {
  @Test(
    "each ends in one line that says what is accepted, the right code, and no file left behind",
    arguments: cases + sweepCases)
  func wrong(input: WrongInput) throws {
    try withTemporaryDirectory { directory in
      if let file = input.file { try Data(file.text.utf8).write(to: directory.appending(path: file.name)) }
      let before = try contents(of: directory)
      for isJSON in [false, true] {
        let run = try CommandLineProgram.run(input.arguments + (isJSON ? ["--json"] : []), in: directory)
        #expect(run.hasExited && run.exitCode == input.exitCode)
        #expect(run.errorLines.count == 1, "said: \(run.standardError)")
        #expect(run.standardError.hasPrefix("permafrost: error: "))
        #expect(run.standardError.contains(input.words), "said: \(run.standardError)")
        if isJSON {
          #expect(try run.object()["exit_code"] as? Int == Int(input.exitCode))
        } else {
          #expect(run.standardOutput.isEmpty)
        }
        #expect(try contents(of: directory) == before)
      }
    }
  }

  private static let shape = "--batch 4 --seq 32 --runtime 25MiB"

  static let cases: [WrongInput] = [
    // The command line.
    WrongInput("freeze bert-tiny --batch 4", 64, "no command is named 'freeze'; commands are devices"),
    WrongInput("estimate bert-tiny --freeze all", 64, "--freeze"),
    WrongInput("plan", 64, "model"),
    WrongInput("plan bert-tiny --batch 4 --seq 32", 64, "'--device' or '--budget'"),
    WrongInput("plan bert-tiny --budget 100MiB --device stm32h7 \(shape)", 64, "exclude each other"),
    WrongInput("plan bert-tiny --budget 100MiB --seq 32", 64, "missing '--batch'"),
    WrongInput("plan bert-tiny --budget 100MiB --train decoder.* \(shape)", 64, "names no tensor"),
    WrongInput("plan bert-tiny --budget 100MiB --freeze * \(shape)", 64, "nothing is left to train"),
    WrongInput(
      "plan bert-tiny --budget 100MiB --train classifier* --freeze *.bias \(shape)", 64, "to be frozen"),
    WrongInput("plan bert-tiny --budget 100MiB --min-retention 101 \(shape)", 64, "from 0 to 100"),
    WrongInput("plan bert-tiny --budget 100MiB --optimizers adamw,adam \(shape)", 64, "adamw-8bit"),
    WrongInput(
      "plan bert-tiny --budget 100MiB --optimizers sgd --optimizer sgd \(shape)", 64, "exclude each other"),
    WrongInput("plan bert-tiny --budget 100MiB --frozen-formats int4 \(shape)", 64, "int8"),
    WrongInput(
      "plan bert-tiny --budget 100MiB --frozen-formats int8 --frozen-weights f32 \(shape)", 64,
      "exclude each other"),
    WrongInput("plan bert-tiny --budget 100MiB --max-step-seconds 1 \(shape)", 64, "needs the rates"),
    WrongInput("plan bert-tiny --device stm32h7 --max-step-seconds 0 \(shape)", 64, "above 0"),
    WrongInput("plan bert-tiny --device stm32h7 --max-hours 1 \(shape)", 64, "'--examples' go together"),
    WrongInput(
      "plan bert-tiny --device stm32h7 --max-hours 1e308 --examples 9 \(shape)", 64,
      "more than twelve days a step"),
    WrongInput("plan bert-tiny --budget 100MiB --dump-model no/m.lp \(shape)", 69, "no/m.lp"),
    WrongInput("plan bert-tiny --budget 100MiB --batch 4", 64, "missing '--seq'"),
    WrongInput("estimate bert-tiny --trainer keras \(shape)", 64, "--trainer"),
    WrongInput("estimate bert-tiny --attention eager \(shape)", 64, "it needs '--trainer pytorch'"),
    WrongInput(
      "estimate bert-tiny --trainer pytorch --optimizer lion \(shape)", 64, "adamw, sgd and sgd-momentum"),
    WrongInput("estimate bert-tiny --trainer pytorch --frozen-weights int8 \(shape)", 64, "--precision bf16"),
    WrongInput("plan bert-tiny --budget 1GiB --trainer keras \(shape)", 64, "--trainer"),
    WrongInput("plan bert-tiny --budget 1GiB --precision bf16 \(shape)", 64, "it needs '--trainer pytorch'"),
    WrongInput("plan bert-tiny --budget 1GiB --trainer pytorch --optimizers sgd,lion \(shape)", 64, "'lion'"),
    WrongInput(
      "plan bert-tiny --budget 1GiB --trainer pytorch --frozen-formats f32,int8 \(shape)", 64, "in int8"),
    WrongInput(
      "plan bert-tiny --budget 1GiB --trainer pytorch --saving cheap*1,keep*1 \(shape)", 64,
      "keep or recompute"),
    WrongInput(
      "plan bert-tiny --budget 1GiB --trainer pytorch --mapped-free \(shape)", 64, "leave '--mapped-free' out"),
    WrongInput(
      "plan bert-tiny --device laptop-4gb --trainer pytorch --max-step-seconds 1 \(shape)", 64,
      "is not predicted"),
    WrongInput("sweep bert-tiny --trainer pytorch --mapped-free \(shape)", 64, "leave '--mapped-free' out"),
    WrongInput("estimate bert-tiny --batch 0 --seq 32", 64, "whole number from 1 to 65,536"),
    WrongInput("estimate bert-tiny --batch -3 --seq 32", 64, "whole number from 1 to 65,536"),
    WrongInput("estimate bert-tiny --batch 999999999999 --seq 32", 64, "whole number from 1 to 65,536"),
    WrongInput("estimate bert-tiny --batch 99999999999999999999999 --seq 32", 64, "whole number"),
    WrongInput("estimate bert-tiny --batch 4.5 --seq 32", 64, "whole number"),
    WrongInput("estimate bert-tiny --batch four --seq 32", 64, "whole number"),
    WrongInput("estimate bert-tiny --batch 4 --seq -1", 64, "whole number"),
    WrongInput("estimate bert-tiny --batch 4 --seq 513", 64, "512 positions"),
    WrongInput("estimate bert-tiny --threads 0 \(shape)", 64, "from 1 to 64"),
    WrongInput("estimate bert-tiny --threads 100000 \(shape)", 64, "from 1 to 64"),
    WrongInput("estimate bert-tiny --optimizer adam \(shape)", 64, "sgd-momentum"),
    WrongInput("estimate bert-tiny --saving some \(shape)", 64, "recompute"),
    WrongInput("estimate bert-tiny --saving cheap,keep,keep \(shape)", 64, "3 saving policies for 2 layers"),
    WrongInput("estimate bert-tiny --saving cheap*1 \(shape)", 64, "1 saving policy for 2 layers"),
    WrongInput("estimate bert-tiny --saving cheap*3 \(shape)", 64, "3 saving policies for 2 layers"),
    WrongInput(
      "plan bert-tiny --budget 100MiB --saving keep,keep,keep \(shape)", 64, "3 saving policies for 2 layers"),
    WrongInput("estimate bert-tiny --saving keep*0 \(shape)", 64, "recompute"),
    WrongInput("estimate bert-tiny --accumulate 5 \(shape)", 64, "cannot be cut into 5"),
    WrongInput("estimate bert-tiny --accumulate 0 \(shape)", 64, "whole number"),
    WrongInput("estimate bert-tiny --clip-norm 0 \(shape)", 64, "above 0"),
    WrongInput("estimate bert-tiny --clip-norm nan \(shape)", 64, "above 0"),
    WrongInput("estimate bert-tiny --frozen-weights int4 \(shape)", 64, "int8"),
    WrongInput("estimate bert-tiny -o nowhere/p.json \(shape)", 69, "nowhere"),
    WrongInput("estimate bert-tiny --train most \(shape)", 64, "last:K"),
    WrongInput("estimate bert-tiny --train last:-1 \(shape)", 64, "last:K"),
    WrongInput(
      "estimate bert-tiny --train last:3 \(shape)", 64,
      "more than the 2 layers of bert-tiny; accepted is up to last:2"),
    WrongInput("estimate bert-tiny --train far:101 \(shape)", 64, "far:R"),
    WrongInput("estimate bert-tiny --task poetry \(shape)", 64, "choose one of cola"),
    WrongInput("estimate bert-tiny --task sst2 --labels 3 \(shape)", 64, "has 2 classes"),
    WrongInput("estimate bert-tiny --task stsb --labels 3 \(shape)", 64, "predicts a number"),
    WrongInput("estimate bert-tiny --labels 0 \(shape)", 64, "whole number"),
    WrongInput("plan bert-tiny --budget 10 \(shape) -o p.json", 64, "350MiB"),
    WrongInput("plan bert-tiny --budget -5MiB \(shape) -o p.json", 64, "negative"),
    WrongInput("plan bert-tiny --budget 100M \(shape) -o p.json", 64, "ambiguous"),
    WrongInput("plan bert-tiny --budget 99999999999999TiB \(shape) -o p.json", 64, "more than"),
    WrongInput("plan bert-tiny --budget 100MiB --batch 4 --seq 32 --runtime lots", 64, "number of bytes"),
    WrongInput("devices toaster", 64, "nearest are"),
    // Training.
    WrongInput("verify p.json --weights random --tolerance -1", 64, "from 0 to 1"),
    WrongInput("verify p.json --weights random --seed -1", 64, "from 0 to 18446744073709551615"),
    WrongInput("verify p.json --weights random --learning-rate 1000", 64, "above 0 and up to 10"),
    WrongInput("train p.json --data . -o out --evaluate-every 0", 64, "from 1 to"),
    // Missing inputs.
    WrongInput("estimate bert-tinny \(shape)", 66, "bert-tiny"),
    WrongInput("models nobody/nothing", 66, "no model"),
    WrongInput("models --task sst2", 64, "name a model, too"),
    WrongInput("plan bert-tiny --device ./mine.yaml \(shape) -o p.json", 66, "mine.yaml"),
    WrongInput("plan bert-tiny --budget 100MiB --scores s.json \(shape) -o p.json", 66, "s.json"),
    WrongInput("estimate bert-tiny --train p.json \(shape)", 66, "p.json"),
    WrongInput("check p.json", 66, "p.json"),
    WrongInput("plan bert-tiny --budget 100MiB \(shape) -o none/p.json", 69, "none/p.json"),
    WrongInput("plan bert-tiny --budget 100MiB \(shape) -o .", 69, "directory"),
    WrongInput("diff p.json q.json", 66, "p.json"),
    // Outputs of check.
    WrongInput("check", 64, "plan"),
    WrongInput("check p.json --min-headroom 100%", 64, "below 100%"),
    WrongInput("check p.json --min-headroom -1%", 64, "from 0%"),
    WrongInput("check p.json --min-headroom 5M", 64, "ambiguous"),
    WrongInput("check p.json --annotate gitlab", 64, "github"),
    WrongInput("check p.json --device stm32h7 --budget 20MiB", 64, "exclude each other"),
    WrongInput("check p.json --device toaster", 64, "nearest are"),
    WrongInput("check p.json --junit ./p.json", 64, "would replace the plan"),
    WrongInput("check p.json --device ./by.yaml --summary by.yaml", 64, "would replace the profile"),
    WrongInput("check p.json --junit a --sarif a", 64, "two outputs at once, of '--junit' and of '--sarif'"),
    WrongInput("check p.json --junit a.xml --summary none/a.md", 69, "none/a.md"),
    WrongInput("check p.json --sarif .", 69, "directory"),
    WrongInput("diff p.json", 64, "after"),
    // Outputs that would replace what is read, or each other.
    WrongInput("plan bert-tiny --budget 100MiB --scores s.json \(shape) -o ./s.json", 64, "of '--scores'"),
    WrongInput("plan bert-tiny --device by.yaml \(shape) -o no/../by.yaml", 64, "profile of '--device'"),
    WrongInput("plan bert-tiny --budget 100MiB \(shape) -o q --dump-model ./q", 64, "two outputs at once"),
    WrongInput("plan . --budget 100MiB \(shape) -o config.json", 64, "the model", file: ("config.json", "{}")),
    WrongInput("estimate bert-tiny --train ./p.json \(shape) -o p.json", 64, "the plan of '--train'"),
    WrongInput("estimate bert-tiny --scores s.json \(shape) -o s.json", 64, "the file of '--scores'"),
    WrongInput(
      "estimate bert-tiny \(shape) -o ''", 69, "an empty path names no file; give the path of one to write"),
    WrongInput("export p.json --to pytorch -o ''", 69, "an empty path"),
    WrongInput("calibrate -o no/p.yaml", 69, "no/p.yaml"),
    // Folders, and nothing, in the place of files.
    WrongInput("check .", 66, ".: cannot open: it is a directory; give a file"),
    WrongInput("merge .", 66, "it is a directory"),
    WrongInput("diff . .", 66, "it is a directory"),
    WrongInput("plan bert-tiny --budget 100MiB --scores . \(shape)", 66, "it is a directory"),
    WrongInput("estimate bert-tiny --train ./ \(shape)", 66, "it is a directory"),
    WrongInput("check ''", 66, "an empty path names no file; give the path of one to read"),
    WrongInput("merge ''", 66, "an empty path"),
    WrongInput("check p.json/q", 66, "no such file", file: ("p.json", "")),
    WrongInput("prime nothing --data file \(shape) -o s", 66, "file: not a folder; give", file: ("file", "")),
    WrongInput(
      "prime nothing --data none \(shape) -o s", 66, "none: no such folder; give the folder that holds"),
    WrongInput("prime nothing --data '' \(shape) -o s", 66, "an empty path names no data"),
    // Malformed inputs.
    WrongInput(
      "check p.json", 65, "p.json: not a readable file: line 1: not valid JSON", file: ("p.json", "{")),
    WrongInput("check p.json", 65, "p.json", file: ("p.json", "")),
    WrongInput("check p.json", 65, "not a permafrost-plan", file: ("p.json", "{\"kind\": \"other\"}")),
    WrongInput("estimate bert-tiny --train p.json \(shape)", 65, "p.json", file: ("p.json", "[1]")),
    WrongInput(
      "plan bert-tiny --budget 100MiB --scores s.json \(shape) -o p.json", 65, "s.json", file: ("s.json", "{}")),
    WrongInput(
      "plan bert-tiny --device ./mine.yaml \(shape) -o p.json", 65, "mine.yaml:1: total_memory",
      file: ("mine.yaml", "title: Mine\n")),
    WrongInput("devices ./mine.yaml", 65, "not YAML", file: ("mine.yaml", "{")),
    WrongInput("devices ./mine.yaml", 65, "mine.yaml", file: ("mine.yaml", "colour: red\n")),
    WrongInput(
      "models .", 65, "config.json: unknown model_type 'gpt2'",
      file: ("config.json", "{\"model_type\": \"gpt2\"}")),
    WrongInput("estimate . \(shape)", 65, "config.json", file: ("config.json", "not JSON")),
  ]
}
