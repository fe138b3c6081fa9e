// SPDX-License-Identifier: GPL-2.0-only
/* Vector registers: what was put into all sixteen stays there while the probe spins and moves. */
#include "probe.h"

#define REGISTERS 16

struct vectors {
	uint64_t lane[REGISTERS][4];
};

/* One asm statement from load to store: nothing else may use the registers in between. */
static void hold(const struct vectors *in, struct vectors *out, uint64_t turns)
{
	asm volatile(
		".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
		"vmovdqu \\n*32(%[in]), %%ymm\\n\n"
		".endr\n"
		"1: dec %[turns]\n"
		"jnz 1b\n"
		".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
		"vmovdqu %%ymm\\n, \\n*32(%[out])\n"
		".endr\n"
		"vzeroupper\n"
		: [turns] "+r"(turns)
		: [in] "r"(in), [out] "r"(out)
		: "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
		  "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

int main(void)
{
	struct vectors in, out;
	uint64_t seed = 0;

	if (!__builtin_cpu_supports("avx")) {
		puts("this processor has no AVX");
		return PROBE_SKIP;
	}
	probe_ready();
	while (probe_more()) {
		seed++;
		for (int i = 0; i < REGISTERS * 4; i++)
			in.lane[i / 4][i % 4] = probe_pattern(seed, i);
		memset(&out, 0, sizeof(out));
		hold(&in, &out, 20000000);
		for (int i = 0; i < REGISTERS * 4; i++)
			expect(out.lane[i / 4][i % 4] == in.lane[i / 4][i % 4],
			       "ymm%d lane %d: %#lx instead of %#lx", i / 4, i % 4,
			       out.lane[i / 4][i % 4], in.lane[i / 4][i % 4]);
	}
	return probe_done();
}
