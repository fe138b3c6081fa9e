# SPDX-License-Identifier: GPL-2.0-only
"""KVM or TCG: decided by a guest that really boots, as /dev/kvm proves nothing."""

import os
import subprocess
import time

from lab import place

LIMIT = 6.0  # seconds for what takes one where KVM is worth having


def options(accel):
    """QEMU's options for ACCEL."""
    if accel == "kvm":
        return ["-accel", "kvm", "-cpu", "host"]
    return ["-accel", "tcg,thread=multi", "-cpu", "max"]


def boots(kernel):
    """Whether KERNEL comes up under KVM: it must get as far as missing its root, and say so."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    command = ["qemu-system-x86_64", *options("kvm"), "-nodefaults", "-no-user-config", "-nographic",
               "-no-reboot", "-m", "256", "-serial", "stdio", "-kernel", kernel,
               "-append", "console=ttyS0 panic=-1"]
    try:
        run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return False
    return b"Unable to mount root fs" in run.stdout


def choose(wish, kernel, say):
    """The accelerator for WISH (auto, kvm, tcg).  The probe's answer is kept until the host reboots."""
    if wish == "tcg":
        return "tcg"
    memo = os.path.join(place.CACHE, "lab", "kvm-" + place.boot_id())
    try:
        with open(memo) as file:
            answer = file.read().strip()
    except FileNotFoundError:
        say("trying KVM")
        start = time.monotonic()
        answer = "kvm" if boots(kernel) else "tcg"
        say("a guest %s with KVM (%.1f s)" % ("boots" if answer == "kvm" else "does not boot",
                                              time.monotonic() - start))
        with open(memo, "w") as file:
            file.write(answer + "\n")
    if wish == "kvm" and answer != "kvm":
        raise place.Failure("no guest boots with KVM here in %d s; use --accel tcg" % LIMIT)
    return answer
