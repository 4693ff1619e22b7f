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
    return { state in
      context.normParameterGradients(
        rows: state.rows(buffer), width: buffer.columns, dy: gradient, xhat: normalised, dgamma: output,
        dbeta: nil)
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
    switch problem {
    case .classification(let classes):
      let labels = integers(kernel, .labels)
      return { state in
        state.loss = context.crossEntropy(
          examples: state.sequences, classes: classes, logits: logits, labels: labels, dlogits: gradient)
        result.pointee = Float(state.loss)
      }
    case .regression:
      let targets = floats(kernel, .labels)
      return { state in
        state.loss = context.squaredError(
          examples: state.sequences, predictions: logits, targets: targets, dpredictions: gradient)
        result.pointee = Float(state.loss)
      }
    case .multiLabel(let labels):
      let targets = floats(kernel, .labels)
      return { state in
        state.loss = context.binaryCrossEntropy(
          examples: state.sequences, labels: labels, logits: logits, targets: targets, dlogits: gradient)
        result.pointee = Float(state.loss)
      }
    case .span:
      let (labels, offsets) = (integers(kernel, .labels), integers(kernel, .offsets))
      return { state in
        state.loss = context.spanLoss(
          sequences: state.sequences, offsets: offsets, logits: logits, labels: labels, dlogits: gradient)
        result.pointee = Float(state.loss)
      }
    }
  }

  // MARK: Tables and updates

  func embedding(_ kernel: Kernel) -> BoundKernel {
    let context = context
    let width = buffer(kernel, .output).columns
    let (word, position) = (floats(kernel, .weight), floats(kernel, .weight2))
    let type = optionalFloats(kernel, .weight3)
    let (ids, positions) = (integers(kernel, .ids), integers(kernel, .positions))
    let types = type.map { _ in integers(kernel, .types) }
    let output = floats(kernel, .output)
    return { state in
      context.embeddingForward(
        tokens: state.tokens, width: width, word: word, ids: ids, position: position, positions: positions,
        type: type, types: types, out: output)
    }
  }

  func tokenIndex(_ kernel: Kernel) -> BoundKernel {
    let context = context
    let rows = buffer(kernel, .starts).columns - 1
    let ids = integers(kernel, .ids)
    let (starts, order) = (integers(kernel, .starts), integers(kernel, .order))
    return { state in
      context.embeddingIndex(tokens: state.tokens, rows: rows, ids: ids, heads: starts, order: order)
    }
  }

  func update(_ kernel: Kernel, _ decays: Bool) -> BoundKernel {
    let context = context
    let count = buffer(kernel, .weight).count
    let (weights, gradients) = (floats(kernel, .weight), floats(kernel, .gradient))
    let first = optionalFloats(kernel, .state(0))
    let second = optionalFloats(kernel, .state(1))
    return { state in
      context.update(
        decays ? state.decaying : state.plain, count: count, parameters: weights, gradients: gradients,
        state1: first, state2: second)
    }
  }

  func updateEmbedding(_ kernel: Kernel, _ decays: Bool) -> BoundKernel {
    let context = context
    let table = buffer(kernel, .weight)
    let workspace = scratch(
      kernel, needs: ScratchBytes.updateEmbedding(threads: context.threads, width: table.columns))
    let (weights, gradient) = (floats(kernel, .weight), floats(kernel, .gradient))
    let (starts, order) = (integers(kernel, .starts), integers(kernel, .order))
    let first = optionalFloats(kernel, .state(0))
    let second = optionalFloats(kernel, .state(1))
    return { state in
      context.updateEmbedding(
        decays ? state.decaying : state.plain, rows: table.rows, width: table.columns, dx: gradient,
        heads: starts, order: order, table: weights, state1: first, state2: second, scratch: workspace)
    }
  }
}
