import Testing

@testable import Files

@Suite("Decoding JSON")
struct JSONDecodingTests {
  private enum Colour: String, Codable, CaseIterable { case red, darkBlue = "dark-blue" }
  private enum Shape: Codable, Equatable { case round(innerWidth: Int), flat }

  private struct Sample: Codable, Equatable {
    var isReady = true
    var smallCount: Int8 = 7
    var largeCount: UInt64 = .max
    var meanValue = -1.5
    var name: String? = "a_b"
    var missingName: String?
    var colour = Colour.darkBlue
    var shapeList = [Shape.round(innerWidth: 3), .flat]
    var byName = ["some_name": [1.0], "someName": []]
    var pairs: [[Int]] = [[1, 2], []]
  }

  private let sound = """
    {"is_ready": true, "small_count": 7.0, "large_count": 18446744073709551615, "mean_value": -15e-1, "name": "a_b",
     "missing_name": null, "colour": "dark-blue", "shape_list": [{"round": {"inner_width": 3}}, {"flat": {}}],
     "by_name": {"some_name": [1], "someName": []}, "pairs": [[1, 2], []], "unknown": 0}
    """

  @Test("finds every kind of value by its name in snake case, and leaves the names in a dictionary as they are")
  func sample() throws {
    #expect(try JSONValue(parsing: Array(sound.utf8)).decode(Sample.self) == Sample())
  }

  @Test(
    "names the place as the document has it, and what is accepted there",
    arguments: [
      ("\"small_count\": 7.0", "\"small_count\": 300", "small_count: '300' is not within -128...127"),
      ("\"small_count\": 7.0", "\"small_count\": 7.5", "small_count: '7.5' is not a whole number"),
      ("\"small_count\": 7.0", "\"small_count\": null", "small_count: expected a whole number, found null"),
      ("615", "616", "large_count: '18446744073709551616' is not within 0...18446744073709551615"),
      ("-15e-1", "1e999", "mean_value: '1e999' is too large a number"),
      ("-15e-1", "[]", "mean_value: expected a number, found an array"),
      ("\"a_b\"", "1", "name: expected a string, found a number"),
      ("true", "1", "is_ready: expected true or false, found a number"),
      ("dark-blue", "blue", "colour: 'blue' is not known here; accepted are red, dark-blue"),
      ("\"inner_width\": 3", "", "shape_list.[0].round: inner_width: missing"),
      ("{\"inner_width\": 3}", "4", "shape_list.[0].round: expected an object, found a number"),
      ("[1]", "[1, \"2\"]", "by_name.some_name.[1]: expected a number, found a string"),
      ("[1, 2]", "7", "pairs.[0]: expected an array, found a number"),
      ("\"is_ready\"", "\"isready\"", "is_ready: missing"),
    ])
  func wrong(sound part: String, changed: String, message: String) throws {
    let json = try JSONValue(parsing: Array(sound.replacing(part, with: changed).utf8))
    let error = #expect(throws: DecodingError.self) { try json.decode(Sample.self) }
    func words(_ context: DecodingError.Context, key: String? = nil) -> String {
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      return [path.isEmpty ? nil : path, key, context.debugDescription].compactMap(\.self).joined(
        separator: ": ")
    }
    switch error {
    case .keyNotFound(let key, let context): #expect(words(context, key: key.stringValue) == message)
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      #expect(words(context) == message)
    default: Issue.record("\(String(describing: error))")
    }
  }
}
