import Foundation
import Testing

@testable import Steps

@Suite("What is saved")
struct SavingTests {
  private func rule(_ saving: Saving?) throws -> String? {
    Recipe(batch: 1, sequence: 8, saving: try #require(saving)).brokenRule(for: smallEncoder(.bert))
  }

  @Test("by one word is for any model, and by a list for models of as many layers, even where all are alike")
  func layers() throws {
    #expect(try rule(Saving("cheap")) == nil && rule(Saving("cheap*3")) == nil)
    #expect(try rule(Saving("cheap,cheap,keep")) == nil && rule(Saving("keep*2,keep")) == nil)
    #expect(try rule(Saving("cheap*1")) == "1 saving policy for 3 layers")
    #expect(try rule(Saving("cheap*4")) == "4 saving policies for 3 layers")
    #expect(try rule(Saving("keep,cheap")) == "2 saving policies for 3 layers")
  }

  @Test("is the same where it saves the same, and is written as one word then")
  func equality() throws {
    let listed = try #require(Saving("cheap*3"))
    #expect(listed == .cheap && Set([listed, .cheap]).count == 1 && listed.description == "cheap")
    #expect(String(decoding: try JSONEncoder().encode([listed]), as: UTF8.self) == "[\"cheap\"]")
  }

  @Test("is read from one word or a list, which has to be as long as the model")
  func decoding() throws {
    func read(_ text: String) throws -> Saving {
      try JSONDecoder().decode([Saving].self, from: Data(text.utf8))[0]
    }
    #expect(try read("[\"recompute\"]") == .recompute)
    #expect(try rule(read("[[\"cheap\", \"cheap\"]]")) == "2 saving policies for 3 layers")
    #expect(try rule(read("[[\"cheap\", \"keep\", \"keep\"]]")) == nil)
    #expect(throws: DecodingError.self) { try read("[[]]") }
  }
}
