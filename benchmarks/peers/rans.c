/* Times the public-domain rANS of F. Giesen (rans64.h, not included here; see rans.md) on symbols and frequencies that were
   written by the project's own benchmark, so that both code the same symbols under the same table.

   usage: rans SYMBOLS.bin FREQUENCIES.txt [rounds]
   SYMBOLS.bin: one byte a symbol. FREQUENCIES.txt: 256 numbers that sum to 2^14.
   Prints one line a variant: name, bytes, encode MB/s, decode MB/s (megabytes of symbols; the best of the rounds). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "rans64.h"

enum { SCALE = 14 };

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* this thread alone, so that a busy machine counts less */
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

static Rans64EncSymbol enc[256];
static Rans64DecSymbol dec[256];
static uint8_t slots[1 << SCALE];

static uint32_t *encode(const uint8_t *in, size_t n, uint32_t *end, int ways)
{
    Rans64State a, b;
    uint32_t *p = end;
    size_t i = n;
    Rans64EncInit(&a);
    Rans64EncInit(&b);
    if (ways == 1)
        for (; i > 0; i--) Rans64EncPutSymbol(&a, &p, &enc[in[i - 1]], SCALE);
    else
    {
        if (i & 1) Rans64EncPutSymbol(&a, &p, &enc[in[--i]], SCALE);
        for (; i > 0; i -= 2)
        {
            Rans64EncPutSymbol(&b, &p, &enc[in[i - 1]], SCALE);
            Rans64EncPutSymbol(&a, &p, &enc[in[i - 2]], SCALE);
        }
        Rans64EncFlush(&b, &p);
    }
    Rans64EncFlush(&a, &p);
    return p;
}

static void decode(uint32_t *p, uint8_t *out, size_t n, int ways)
{
    Rans64State a, b;
    size_t i = 0;
    Rans64DecInit(&a, &p);
    if (ways == 2)
    {
        Rans64DecInit(&b, &p);
        for (; i + 1 < n; i += 2)
        {
            uint32_t s = slots[Rans64DecGet(&a, SCALE)], t = slots[Rans64DecGet(&b, SCALE)];
            out[i] = (uint8_t)s;
            out[i + 1] = (uint8_t)t;
            Rans64DecAdvanceSymbolStep(&a, &dec[s], SCALE);
            Rans64DecAdvanceSymbolStep(&b, &dec[t], SCALE);
            Rans64DecRenorm(&a, &p);
            Rans64DecRenorm(&b, &p);
        }
    }
    for (; i < n; i++)
    {
        uint32_t s = slots[Rans64DecGet(&a, SCALE)];
        out[i] = (uint8_t)s;
        Rans64DecAdvanceSymbol(&a, &p, &dec[s], SCALE);
    }
}

int main(int argc, char **argv)
{
    if (argc < 3) return fprintf(stderr, "usage: rans SYMBOLS.bin FREQUENCIES.txt [rounds]\n"), 2;
    int rounds = argc > 3 ? atoi(argv[3]) : 11;
    FILE *f = fopen(argv[1], "rb"), *g = fopen(argv[2], "r");
    if (!f || !g) return fprintf(stderr, "rans: cannot open the files\n"), 2;
    fseek(f, 0, SEEK_END);
    size_t n = (size_t)ftell(f);
    rewind(f);
    uint8_t *in = malloc(n), *out = malloc(n);
    if (fread(in, 1, n, f) != n) return 2;
    for (uint32_t s = 0, start = 0, freq; s < 256; s++, start += freq)
    {
        if (fscanf(g, "%u", &freq) != 1) return 2;
        if (!freq) continue;
        Rans64EncSymbolInit(&enc[s], start, freq, SCALE);
        Rans64DecSymbolInit(&dec[s], start, freq);
        memset(slots + start, (int)s, freq);
    }
    uint32_t *buffer = malloc(4 * (n + 64)), *end = buffer + n + 64;
    for (int ways = 1; ways <= 2; ways++)
    {
        double e = 1e9, d = 1e9;
        uint32_t *p = end;
        for (int r = 0; r < rounds; r++)
        {
            double t0 = seconds();
            p = encode(in, n, end, ways);
            double t1 = seconds();
            memset(out, 0, n);
            double t2 = seconds();
            decode(p, out, n, ways);
            double t3 = seconds();
            if (memcmp(in, out, n)) return fprintf(stderr, "rans: decoded other symbols\n"), 1;
            if (t1 - t0 < e) e = t1 - t0;
            if (t3 - t2 < d) d = t3 - t2;
        }
        printf("rans64-%d-way %zu %.0f %.0f\n", ways, (size_t)(end - p) * 4, n / e / 1e6, n / d / 1e6);
    }
    return 0;
}
