// Sums over a whole tensor: of up to 64 equal parts, then of these in order, whatever thread took which part.
#pragma once

#include "internal.h"

#define PF_PARTS ((size_t)64)

typedef struct {
  size_t extent, part;  // part p covers [p part, (p + 1) part) of the extent
  double of[PF_PARTS];
} pf_partial_sums;

/// No part but the last is smaller than `unit`.
PF_INLINE pf_partial_sums pf_parts(size_t extent, size_t unit) {
  size_t even = (extent + PF_PARTS - 1) / PF_PARTS;
  return (pf_partial_sums){.extent = extent, .part = even > unit ? even : unit};
}

PF_INLINE size_t pf_part_count(const pf_partial_sums *sums) { return (sums->extent + sums->part - 1) / sums->part; }

PF_INLINE size_t pf_part_begin(const pf_partial_sums *sums, size_t part) { return part * sums->part; }

PF_INLINE size_t pf_part_end(const pf_partial_sums *sums, size_t part) {
  return pf_smaller((part + 1) * sums->part, sums->extent);
}

PF_INLINE double pf_total(const pf_partial_sums *sums) {
  double total = 0;
  for (size_t part = 0; part < pf_part_count(sums); part++) total += sums->of[part];
  return total;
}
