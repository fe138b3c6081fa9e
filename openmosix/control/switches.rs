// SPDX-License-Identifier: GPL-2.0-only

//! The administrator's hand on balance: switches and numbers of `/proc/hpc/admin`.

use kernel::{
    prelude::*,
    seq_file::SeqFile,
    seq_print,
    sync::Arc, //
};

use crate::{
    balance::{
        rules::Scope,
        vector::Status, //
    },
    balancer::{
        self, evict,
        settings::{
            Policy,
            Settings, //
        },
        speed,
    },
    deputy, guest,
    link::Deadline,
    sys::proc::{
        Content,
        Dir,
        File, //
    },
};

/// All files. They go before their directory.
pub(super) struct Files {
    _switches: KVec<File<Switch>>,
    _numbers: KVec<File<Number>>,
    _balance: File<Balance>,
    _expel: File<Expel>,
    _bring: File<Bring>,
}

impl Files {
    pub(super) fn new(dir: &Dir) -> Result<Self> {
        let mut switches = KVec::new();
        for (name, status) in Switch::ALL {
            let switch = Arc::new(Switch(status), GFP_KERNEL)?;
            switches.push(File::new(name, dir, switch)?, GFP_KERNEL)?;
        }
        let mut numbers = KVec::new();
        for (name, number) in Number::ALL {
            let number = Arc::new(number, GFP_KERNEL)?;
            numbers.push(File::new(name, dir, number)?, GFP_KERNEL)?;
        }
        Ok(Self {
            _switches: switches,
            _numbers: numbers,
            _balance: File::new(c"balance", dir, Arc::new(Balance, GFP_KERNEL)?)?,
            _expel: File::new(c"expel", dir, Arc::new(Expel, GFP_KERNEL)?)?,
            _bring: File::new(c"bring", dir, Arc::new(Bring, GFP_KERNEL)?)?,
        })
    }
}

fn number(text: &[u8]) -> Result<u32> {
    let text = core::str::from_utf8(text).map_err(|_| EINVAL)?;
    text.trim().parse().map_err(|_| EINVAL)
}

/// 0 or 1.
pub(super) fn switch(text: &[u8]) -> Result<bool> {
    match number(text)? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(EINVAL),
    }
}

/// `stay`, `lstay`, `block`, `quiet`: 0 or 1.
struct Switch(Status);

impl Switch {
    const ALL: [(&'static CStr, Status); 4] = [
        (c"stay", Status::STAY),
        (c"lstay", Status::LSTAY),
        (c"block", Status::BLOCK),
        (c"quiet", Status::QUIET),
    ];
}

impl Content for Switch {
    const MODE: u16 = 0o644;

    fn show(&self, to: &SeqFile) -> Result {
        let on = balancer::settings().switches.has(self.0);
        seq_print!(to, "{}\n", u8::from(on));
        Ok(())
    }

    fn write(&self, text: &[u8]) -> Result {
        let on = switch(text)?;
        balancer::set(|settings| {
            settings.switches = settings.switches.with(self.0, on);
            // Who takes guests again, or lets its processes go, has changed his mind.
            settings.expel &= settings.switches.has(Status::BLOCK);
            settings.bring &= settings.switches.has(Status::LSTAY);
            Ok(())
        })
    }
}

/// Everything that is a number.
#[derive(Clone, Copy)]
enum Number {
    /// Of one processor; writing 0 measures it.
    Speed,
    /// Seconds in which statistics decay once.
    DecayInterval,
    /// Per mille that is kept then.
    SlowDecay,
    /// The same of those that forget fast.
    FastDecay,
    /// The greatest load; 0 is none.
    LoadLimit,
    /// What it counts.
    LoadMode,
    /// The most per cent of each processor.
    CpuLimit,
    /// What it counts.
    CpuMode,
    /// The most guests; 0 leaves it to the kernel.
    MaxGuests,
}

impl Number {
    /// Decay has two spellings, as in openMosix.
    const ALL: [(&'static CStr, Number); 12] = [
        (c"speed", Number::Speed),
        (c"decay-interval", Number::DecayInterval),
        (c"slow-decay", Number::SlowDecay),
        (c"fast-decay", Number::FastDecay),
        (c"decayinterval", Number::DecayInterval),
        (c"slowdecay", Number::SlowDecay),
        (c"fastdecay", Number::FastDecay),
        (c"loadlimit", Number::LoadLimit),
        (c"llimitmode", Number::LoadMode),
        (c"cpulimit", Number::CpuLimit),
        (c"climitmode", Number::CpuMode),
        (c"maxguests", Number::MaxGuests),
    ];

    fn set(self, settings: &mut Settings, number: u32) -> Result {
        let keep = || u16::try_from(number).ok().filter(|keep| *keep <= 1_000);
        let limits = &mut settings.limits;
        match self {
            Number::Speed => settings.speed = number,
            Number::DecayInterval => {
                let interval_ms = number.checked_mul(1_000).filter(|ms| *ms > 0);
                let interval_ms = interval_ms.ok_or(EINVAL)?;
                settings.slow.interval_ms = interval_ms;
                settings.fast.interval_ms = interval_ms;
            }
            Number::SlowDecay => settings.slow.keep = keep().ok_or(EINVAL)?,
            Number::FastDecay => settings.fast.keep = keep().ok_or(EINVAL)?,
            Number::LoadLimit => limits.load = number,
            Number::LoadMode => limits.load_scope = scope(number)?,
            Number::CpuLimit => limits.cpu = number,
            Number::CpuMode => limits.cpu_scope = scope(number)?,
            Number::MaxGuests => limits.guests = u16::try_from(number).map_err(|_| EINVAL)?,
        }
        Ok(())
    }

    fn get(self, settings: &Settings) -> u32 {
        let limits = &settings.limits;
        match self {
            Number::Speed => settings.speed(),
            Number::DecayInterval => settings.slow.interval_ms / 1_000,
            Number::SlowDecay => settings.slow.keep.into(),
            Number::FastDecay => settings.fast.keep.into(),
            Number::LoadLimit => limits.load,
            Number::LoadMode => limits.load_scope.number().into(),
            Number::CpuLimit => limits.cpu,
            Number::CpuMode => limits.cpu_scope.number().into(),
            Number::MaxGuests => limits.guests.into(),
        }
    }
}

fn scope(number: u32) -> Result<Scope> {
    Scope::from_number(number).ok_or(EINVAL)
}

impl Content for Number {
    const MODE: u16 = 0o644;

    fn show(&self, to: &SeqFile) -> Result {
        seq_print!(to, "{}\n", self.get(&balancer::settings()));
        Ok(())
    }

    fn write(&self, text: &[u8]) -> Result {
        let number = number(text)?;
        if matches!(self, Number::Speed) && number == 0 {
            speed::measure();
        }
        balancer::set(|settings| self.set(settings, number))
    }
}

/// `balance`: whether processes are placed.
struct Balance;

impl Content for Balance {
    const MODE: u16 = 0o644;

    fn show(&self, to: &SeqFile) -> Result {
        let word = match balancer::settings().policy {
            Policy::Off => "off",
            Policy::On => "on",
            Policy::Exec => "exec",
        };
        seq_print!(to, "{word}\n");
        Ok(())
    }

    fn write(&self, text: &[u8]) -> Result {
        let policy = match text.trim_ascii() {
            b"off" => Policy::Off,
            b"on" => Policy::On,
            b"exec" => Policy::Exec,
            _ => return Err(EINVAL),
        };
        balancer::set(|settings| {
            settings.policy = policy;
            Ok(())
        })
    }
}

/// Waits until all have left. A signal ends that, and it is not restarted by itself; so does whoever takes back what is
/// waited for.
fn await_all(wait: fn(Deadline) -> Result, wanted: fn(&Settings) -> bool) -> Result {
    /// Milliseconds between two looks at whether it is wanted.
    const LOOK_MS: u32 = 1_000;

    loop {
        match wait(Deadline::ms(LOOK_MS)) {
            Err(error) if error == ERESTARTSYS => return Err(EINTR),
            Err(error) if error == ETIMEDOUT => {
                if !wanted(&balancer::settings()) {
                    return Err(ECANCELED);
                }
            }
            waited => return waited,
        }
    }
}

/// `expel`: how many guests there are; writing 1 has all of them leave and waits for that.
struct Expel;

impl Content for Expel {
    const MODE: u16 = 0o644;

    fn show(&self, to: &SeqFile) -> Result {
        seq_print!(to, "{}\n", guest::list::count());
        Ok(())
    }

    fn write(&self, text: &[u8]) -> Result {
        let expel = switch(text)?;
        balancer::set(|settings| {
            settings.expel = expel;
            settings.switches = settings.switches.with(Status::BLOCK, expel);
            Ok(())
        })?;
        if !expel {
            return Ok(());
        }
        evict::evict();
        await_all(guest::list::await_none, |settings| settings.expel)
    }
}

/// `bring`: how many processes of this node are away; writing 1 has all of them come home and waits for that.
struct Bring;

impl Content for Bring {
    const MODE: u16 = 0o644;

    fn show(&self, to: &SeqFile) -> Result {
        seq_print!(to, "{}\n", deputy::list::count());
        Ok(())
    }

    fn write(&self, text: &[u8]) -> Result {
        let bring = switch(text)?;
        balancer::set(|settings| {
            settings.bring = bring;
            settings.switches = settings.switches.with(Status::LSTAY, bring);
            Ok(())
        })?;
        if !bring {
            return Ok(());
        }
        deputy::list::bring();
        await_all(deputy::list::await_none, |settings| settings.bring)
    }
}

#[cfg(CONFIG_OPENMOSIX_KUNIT_TEST)]
#[kunit_tests(openmosix_switches)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_on_or_off() {
        assert_eq!(switch(b"0"), Ok(false));
        assert_eq!(switch(b" 1\n"), Ok(true));
        for text in [&b""[..], b"2", b"-1", b"on", b"1 1", b"\xff"] {
            assert_eq!(switch(text), Err(EINVAL));
        }
    }

    #[test]
    fn numbers_come_back() {
        for (_, number) in Number::ALL {
            let mut settings = Settings::new();
            assert_eq!(number.set(&mut settings, 1), Ok(()));
            assert_eq!(number.get(&settings), 1);
        }
    }

    #[test]
    fn numbers_have_bounds() {
        let mut settings = Settings::new();
        for (number, wrong) in [
            (Number::DecayInterval, 0),
            (Number::DecayInterval, u32::MAX),
            (Number::SlowDecay, 1_001),
            (Number::FastDecay, 1_001),
            (Number::LoadMode, 3),
            (Number::CpuMode, 3),
            (Number::MaxGuests, 65_536),
        ] {
            assert_eq!(number.set(&mut settings, wrong), Err(EINVAL));
        }
    }
}
