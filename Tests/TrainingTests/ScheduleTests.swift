import Foundation
import Testing
import Training

@Suite("Learning-rate schedules")
struct ScheduleTests {
  private struct Case: Decodable {
    let schedule: LearningRateSchedule
    let steps: Int
    let share: Double
    let warmup: Int
    let factors: [Double]
  }

  @Test("every step's factor is transformers'")
  func factors() throws {
    let url = try #require(
      Bundle.module.url(forResource: "schedules", withExtension: "json", subdirectory: "Fixtures"))
    let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: url))
    #expect(Set(cases.map(\.schedule)) == Set(LearningRateSchedule.allCases))
    for expected in cases {
      let warmup = LearningRateSchedule.warmupSteps(of: expected.steps, share: expected.share)
      #expect(warmup == expected.warmup)
      let factors = (1...expected.steps).map {
        expected.schedule.factor(at: $0, of: expected.steps, warmup: warmup)
      }
      for (step, (found, value)) in zip(factors, expected.factors).enumerated() {
        #expect(
          abs(found - value) <= 1e-15, "\(expected.schedule), step \(step + 1) of \(expected.steps): \(found)")
      }
    }
  }
}
