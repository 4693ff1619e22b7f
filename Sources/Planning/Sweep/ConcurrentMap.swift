import Dispatch
import Foundation

/// Maps elements on several threads, and gives the results in the elements' order.
///
/// - Parameters:
///   - jobs: how many at once, at most; the system may run fewer.
///   - progress: called with the number of elements done, by one thread at a time.
///   - body: nil ends the map with the results there are: no further element is begun then.
/// - Throws: the first error to come; no further element is begun then either.
func concurrentMap<Element: Sendable, Result>(
  _ elements: [Element], jobs: Int, progress: (Int) -> Void, _ body: @Sendable (Element) throws -> Result?
) throws -> [Result] {
  try withoutActuallyEscaping(progress) { progress in
    let work = SharedWork<Result>(count: elements.count, progress: progress)
    DispatchQueue.concurrentPerform(iterations: max(1, min(jobs, elements.count))) { _ in
      while let index = work.next() {
        do { work.finish(index, try body(elements[index])) } catch { work.fail(error) }
      }
    }
    return try work.outcome()
  }
}

/// What the threads of a map share, all of it under one lock.
private final class SharedWork<Result>: @unchecked Sendable {
  private let lock = NSLock()
  private let progress: (Int) -> Void
  private var begun = 0
  private var done = 0
  private var results: [Result?]
  private var failure: (any Error)?
  private var hasEnded = false

  init(count: Int, progress: @escaping (Int) -> Void) {
    results = Array(repeating: nil, count: count)
    self.progress = progress
  }

  /// The next element to begin; nil where none is left, or one has failed or ended the map.
  func next() -> Int? {
    lock.withLock {
      guard failure == nil, !hasEnded, begun < results.count else { return nil }
      defer { begun += 1 }
      return begun
    }
  }

  func finish(_ index: Int, _ result: Result?) {
    lock.withLock {
      guard let result else { return hasEnded = true }
      results[index] = result
      done += 1
      progress(done)
    }
  }

  func fail(_ error: any Error) { lock.withLock { failure = failure ?? error } }

  func outcome() throws -> [Result] {
    if let failure { throw failure }
    return results.compactMap(\.self)
  }
}
