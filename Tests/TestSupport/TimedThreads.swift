import Foundation

/// The threads that timings are asked for with, by PERMAFROST_TIMINGS; nil where none are.
public let timedThreads = ProcessInfo.processInfo.environment["PERMAFROST_TIMINGS"].flatMap { Int($0) }
