#ifndef FRAMECAP_RESAMPLE_ROWS_H
#define FRAMECAP_RESAMPLE_ROWS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "clones.h"
#include "taps.h"
#if FRAMECAP_X86
#include "resample_x86.h"
#endif

/* The columns that the first pass sums at a time: the sums stay in the L1 cache. */
#define FRAMECAP_BLOCK 1024

static inline int32_t framecap_settled(int32_t sum, int shift, int32_t most)
{
    const int32_t value = (sum + ((1 << shift) >> 1)) >> shift;
    return value < 0 ? 0 : value > most ? most : value;
}

#define FRAMECAP_TYPED_BODY "resample_rows_body.h"
#include "by_depth.h"

/* Returns whether the weights are those of the mean of two, three or four samples. */
static inline int framecap_is_mean(const int16_t *weights, int span)
{
    static const int16_t means[3][4] = {
        {8192, 8192, 0, 0}, {5461, 5462, 5461, 0}, {4096, 4096, 4096, 4096}};
    return span >= 2 && span <= 4 && memcmp(weights, means[span - 2], sizeof means[0]) == 0;
}

#define FRAMECAP_TYPED_BODY "resample_choice_body.h"
#include "by_sample.h"

#define framecap_mix_rows_deep framecap_mix_rows_deep_plain
#define framecap_settle_rows_deep framecap_settle_rows_deep_plain
#define framecap_mix_columns_deep framecap_mix_columns_deep_plain

#endif
