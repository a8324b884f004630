/* Tone mapping of one sample type, see by_sample.h. */

/* Computes the linear light of a row. The signal is a fixed-point combination of samples; its light
 * is interpolated linearly in a table of `steps` intervals. */
FRAMECAP_CLONES static void TYPED(framecap_light)(int32_t *restrict out, const SAMPLE *restrict a,
                                                  const SAMPLE *restrict b,
                                                  const SAMPLE *restrict c, int n,
                                                  const int32_t *restrict coefficients,
                                                  int64_t bias, int shift,
                                                  const int32_t *restrict table, int steps)
{
    const int32_t ka = coefficients[0], kb = coefficients[1], kc = coefficients[2];
    const int32_t last = (steps << FRAMECAP_STEP_BITS) - 1;
    for (int x = 0; x < n; x++) {
        const int64_t sum = bias + (int64_t)ka * (int32_t)a[x] + (int64_t)kb * (int32_t)b[x] +
                            (int64_t)kc * (int32_t)c[x];
        const int32_t signal = (int32_t)(sum >> shift);
        out[x] = signal < 0 ? 0 : signal > last ? last : signal;
    }
    for (int x = 0; x < n; x++) {
        const int32_t step = out[x] >> FRAMECAP_STEP_BITS;
        const int32_t frac = out[x] & ((1 << FRAMECAP_STEP_BITS) - 1);
        const int32_t rise = table[step + 1] - table[step];
        out[x] = table[step] + (int32_t)(((int64_t)rise * frac) >> FRAMECAP_STEP_BITS);
    }
}
