import Devices
import Steps

/// How long kernels take on a device.
///
/// The roofline model (Williams, Waterman and Patterson, CACM 52(4), 2009): a kernel takes at least as long as its operations at the
/// device's peak, and at least as long as its bytes at the memory's bandwidth. Where the profile has rates measured for the
/// kernel's class, they take the place of peak and bandwidth, and what was a bound is a prediction.
public struct KernelTimes: Sendable {
  /// What the times are made of.
  public enum Basis: String, Sendable, Codable {
    /// Peak and bandwidth: bounds from below.
    case peakRates = "peak rates"
    /// Rates that `permafrost calibrate` measured: predictions.
    case measuredRates = "measured rates"
  }

  private let rates: [String: KernelRate]
  private let peaks: KernelRate

  /// - Parameter threads: fewer than the cores that the rates are of do as much less arithmetic, but may move as many bytes; nil for one a
  ///   core.
  public init(_ device: DeviceProfile, threads: Int? = nil) {
    let share = min(1, Double(threads ?? device.cores) / Double(device.cores))
    rates = device.kernels.mapValues { rate in
      var rate = rate
      rate.operationsPerSecond? *= share
      return rate
    }
    peaks = KernelRate(
      operationsPerSecond: device.peakFLOPS * share, bytesPerSecond: device.memoryBandwidthBytesPerSecond)
  }

  /// A machine of which only peak and bandwidth are known.
  public init(peaks: KernelRate) {
    rates = [:]
    self.peaks = peaks
  }

  public var basis: Basis { rates.isEmpty ? .peakRates : .measuredRates }

  /// Seconds of one run of a kernel, which need not be part of any step; never less for more work.
  public func seconds(_ work: KernelWork) -> Double { rate(work).seconds(work) }

  /// Seconds of a kernel in one optimizer step, all micro-batches counted.
  public func seconds(of kernel: Kernel, in step: TrainingStep) -> Double {
    Double(step.repetitions(of: kernel)) * seconds(step.work(of: kernel))
  }

  /// As ``seconds(of:in:)``, but where that is a bound, arithmetic and memory one after the other.
  ///
  /// The larger of the two hides what products of few rows, in a batch cut into small pieces, take for going through all weights again.
  public func sequentialSeconds(of kernel: Kernel, in step: TrainingStep) -> Double {
    if basis == .measuredRates { return seconds(of: kernel, in: step) }
    let work = step.work(of: kernel)
    return Double(step.repetitions(of: kernel)) * (peaks.arithmeticSeconds(work) + peaks.memorySeconds(work))
  }

  /// Whether moving bytes, not arithmetic, holds the kernel back.
  public func isMemoryBound(_ work: KernelWork) -> Bool {
    rate(work).memorySeconds(work) > rate(work).arithmeticSeconds(work)
  }

  private func rate(_ work: KernelWork) -> KernelRate { rates[work.kernelClass.name] ?? peaks }
}
