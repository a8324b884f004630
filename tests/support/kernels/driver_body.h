/* The functions of driver.c for one sample type, see by_sample.h. */

void TYPED(mix1)(uint8_t *out, const SAMPLE *a, int n, int32_t k, int32_t bias, int shift)
{
    TYPED(framecap_mix1)(out, a, n, k, bias, shift);
}

void TYPED(mix2)(uint8_t *out, const SAMPLE *a, const SAMPLE *b, int n, const int32_t *k,
                 int32_t bias, int shift)
{
    TYPED(framecap_mix2)(out, a, b, n, k[0], k[1], bias, shift);
}

void TYPED(mix3)(uint8_t *out, const SAMPLE *a, const SAMPLE *b, const SAMPLE *c, int n,
                 const int32_t *k, int32_t bias, int shift)
{
    TYPED(framecap_mix3)(out, a, b, c, n, k[0], k[1], k[2], bias, shift);
}

void TYPED(halved)(uint8_t *out, const SAMPLE *a, const SAMPLE *b, const SAMPLE *c, int n,
                   const int32_t *k, int32_t bias, int shift)
{
    TYPED(framecap_mix3_halved)(out, a, b, c, n, k[0], k[1], k[2], bias, shift);
}

void TYPED(light)(int32_t *out, const SAMPLE *a, const SAMPLE *b, const SAMPLE *c, int n,
                  const int32_t *k, int64_t bias, int shift, const int32_t *table, int steps)
{
    TYPED(framecap_light)(out, a, b, c, n, k, bias, shift, table, steps);
}
