import Graph
import Kernels
import Steps

extension KernelBinder {
  func normForward(_ kernel: Kernel, _ site: DropoutSite, _ epsilon: Float) -> BoundKernel {
    let context = context
    let input = buffer(kernel, .input)
    let (residual, branch) = (optionalFloats(kernel, .residual), floats(kernel, .input))
    // The kernel always names a scale; without an output it is not read, and any address serves.
    let gamma = optionalFloats(kernel, .weight) ?? branch
    let beta = optionalFloats(kernel, .bias) ?? branch
    let output = optionalFloats(kernel, .output)
    let normalised = optionalFloats(kernel, .normalised)
    let deviation = optionalFloats(kernel, .deviation)
    return { state in
      context.addNormForward(
        rows: state.rows(input), width: input.columns, residual: residual, branch: branch,
        dropout: site.mask(state), gamma: gamma, beta: beta, epsilon: epsilon, y: output, xhat: normalised,
        rstd: deviation)
    }
  }

  func normRebuild(_ kernel: Kernel) -> BoundKernel {
    let context = context
    let output = buffer(kernel, .output)
    let (normalised, y) = (floats(kernel, .normalised), floats(kernel, .output))
    let (gamma, beta) = (floats(kernel, .weight), floats(kernel, .bias))
    return { state in
      context.normRebuild(
        rows: state.rows(output), width: output.columns, xhat: normalised, gamma: gamma, beta: beta, y: y)
    }
  }

  func normBackward(_ kernel: Kernel) -> BoundKernel {
    let context = context
    let buffer = buffer(kernel, .gradient)
    let gradient = floats(kernel, .gradient)
    let (normalised, deviation) = (floats(kernel, .normalised), floats(kernel, .deviation))
    let gamma = floats(kernel, .weight)
    return { state in
      context.normBackward(
        rows: state.rows(buffer), width: buffer.columns, dy: gradient, xhat: normalised, rstd: deviation,
        gamma: gamma, dz: gradient)
    }
  }

  func normScaleGradient(_ kernel: Kernel) -> BoundKernel {
    requireFirst(kernel, .output)
    let context = context
    let buffer = buffer(kernel, .gradient)
    let (gradient, normalised) = (floats(kernel, .gradient), floats(kernel, .normalised))
    let output = floats(kernel, .output)
    let accumulates = accumulates(kernel, .output)
    return { state in
      context.normParameterGradients(
        rows: state.rows(buffer), width: buffer.columns, dy: gradient, xhat: normalised,
        scale: accumulates && !state.isFirstMicroBatch ? 1 : 0, dgamma: output, dbeta: nil)
    }
  }

  func dropout(_ kernel: Kernel, _ site: DropoutSite) -> BoundKernel {
    requireFirst(kernel, .output)
    let context = context
    let input = buffer(kernel, .input)
    let (x, y) = (floats(kernel, .input), floats(kernel, .output))
    return { state in
      context.applyDropout(site.mask(state), count: state.rows(input) * input.columns, x: x, y: y)
    }
  }

  func activation(_ kernel: Kernel, _ kind: Graph.Activation) -> BoundKernel {
    let context = context
    let input = buffer(kernel, .input)
    let (x, y) = (floats(kernel, .input), floats(kernel, .output))
    return { state in
      context.activationForward(kind.kernel, count: state.rows(input) * input.columns, x: x, y: y)
    }
  }

  func activationBackward(_ kernel: Kernel, _ kind: Graph.Activation) -> BoundKernel {
    let context = context
    let input = buffer(kernel, .input)
    let (saved, gradient) = (floats(kernel, .input), floats(kernel, .gradient))
    return { state in
      context.activationBackward(
        kind.kernel, count: state.rows(input) * input.columns, saved: saved, dy: gradient, dx: gradient)
    }
  }

  func firstToken(_ kernel: Kernel) -> BoundKernel {
    let context = context
    let width = buffer(kernel, .output).columns
    let (x, y, offsets) = (floats(kernel, .input), floats(kernel, .output), integers(kernel, .offsets))
    return { state in
      context.firstTokenForward(sequences: state.sequences, offsets: offsets, width: width, x: x, out: y)
    }
  }

  func firstTokenBackward(_ kernel: Kernel) -> BoundKernel {
    requireFirst(kernel, .output)
    let context = context
    let width = buffer(kernel, .output).columns
    let (dy, dx) = (floats(kernel, .gradient), floats(kernel, .output))
    let offsets = integers(kernel, .offsets)
    return { state in
      context.firstTokenBackward(sequences: state.sequences, offsets: offsets, width: width, dout: dy, dx: dx)
    }
  }

  func loss(_ kernel: Kernel, _ problem: Problem) -> BoundKernel {
    let context = context
    let logits = floats(kernel, .input)
    let gradient = optionalFloats(kernel, .output)
    let result = floats(kernel, .loss)
    let (labels, targets) = (integers(kernel, .labels), floats(kernel, .labels))
    let offsets = problem == .span ? integers(kernel, .offsets) : nil
    return { state in
      let (sequences, denominator) = (state.sequences, state.batchSequences)
      switch (problem, offsets) {
      case (.classification(let classes), _):
        state.loss += context.crossEntropy(
          examples: sequences, classes: classes, logits: logits, labels: labels, denominator: denominator,
          dlogits: gradient)
      case (.regression, _):
        state.loss += context.squaredError(
          examples: sequences, predictions: logits, targets: targets, denominator: denominator,
          dpredictions: gradient)
      case (.multiLabel(let count), _):
        state.loss += context.binaryCrossEntropy(
          examples: sequences, labels: count, logits: logits, targets: targets, denominator: denominator,
          dlogits: gradient)
      case (.span, let offsets?):
        state.loss += context.spanLoss(
          sequences: sequences, offsets: offsets, logits: logits, labels: labels, denominator: denominator,
          dlogits: gradient)
      case (.span, nil): preconditionFailure("a span's loss reads where sequences begin")
      }
      result.pointee = Float(state.loss)
    }
  }
}
