extension WrongInputTests {
  private static let sweep = "sweep bert-tiny --batch 4 --seq 32"

  /// Wrong inputs of 'sweep' and 'merge', which leave no file behind either.
  static let sweepCases: [WrongInput] = [
    WrongInput("sweep", 64, "models"),
    WrongInput("sweep bert-tiny --runtime 25MiB --batch 4", 64, "missing '--seq'"),
    WrongInput("\(sweep) --runtime 25MiB --from 10", 64, "350MiB"),
    WrongInput("\(sweep) --runtime 25MiB --to 10M", 64, "ambiguous"),
    WrongInput("\(sweep) --runtime 25MiB --from 90MiB --to 80MiB", 64, "'--from' is more than '--to'"),
    WrongInput("\(sweep) --runtime 25MiB --device stm32h7 --to 80MiB", 64, "exclude each other"),
    WrongInput("\(sweep) --runtime 25MiB --device toaster", 64, "nearest are"),
    WrongInput("\(sweep) --runtime 25MiB --points 0", 64, "whole number from 1 to 10,000"),
    WrongInput("\(sweep) --runtime 25MiB --jobs 0", 64, "whole number from 1 to 64"),
    WrongInput("\(sweep) --runtime 25MiB --shard 3/2", 64, "2/8"),
    WrongInput("\(sweep) --runtime 25MiB --shard 2", 64, "2/8"),
    WrongInput("\(sweep) --shard 1/2", 64, "'--shard' needs '--runtime'"),
    WrongInput("\(sweep) --runtime 25MiB --shard 1/2 --svg s.svg", 64, "permafrost merge"),
    WrongInput("\(sweep) --runtime 25MiB --csv x --svg ./x", 64, "two outputs at once"),
    WrongInput("\(sweep) --runtime 25MiB --csv x --plans x", 64, "two outputs at once"),
    WrongInput(
      "\(sweep) --runtime 25MiB --scores s.json -o s.json", 64, "would replace the file of '--scores'"),
    WrongInput("merge a.json s.json -o ./s.json", 64, "would replace a shard"),
    WrongInput("\(sweep) --runtime 9223372036854775807", 64, "size of a process"),
    WrongInput("sweep bert-tinny --runtime 25MiB --batch 4 --seq 32", 66, "bert-tiny"),
    WrongInput("\(sweep) --runtime 25MiB --scores s.json", 66, "s.json"),
    WrongInput("\(sweep) --runtime 25MiB --svg none/s.svg", 69, "none/s.svg"),
    WrongInput("\(sweep) --runtime 25MiB --csv .", 69, "directory"),
    WrongInput("\(sweep) --runtime 25MiB --plans none/plans", 69, "none/plans"),
    WrongInput("\(sweep) --runtime 25MiB --plans file", 69, "directory", file: ("file", "")),
    WrongInput("merge", 64, "shards"),
    WrongInput("merge s.json", 66, "permafrost sweep --shard"),
    WrongInput("merge s.json -o none/m.json", 69, "none/m.json"),
    WrongInput("merge s.json", 65, "s.json", file: ("s.json", "{")),
    WrongInput("merge s.json", 65, "not a permafrost-sweep", file: ("s.json", "{\"kind\": \"other\"}")),
    WrongInput(
      "merge s.json", 65, "schema 9", file: ("s.json", "{\"kind\": \"permafrost-sweep\", \"schema\": 9}")),
    WrongInput(
      "merge s.json", 65, "shard 1/2 is missing",
      file: (
        "s.json",
        """
        {"kind": "permafrost-sweep", "schema": 2, "shard": {"index": 2, "count": 2}, "series": [], "points": []}
        """
      )),
  ]
}
