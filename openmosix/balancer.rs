// SPDX-License-Identifier: GPL-2.0-only

//! The [`Balancer`] of this node, and what drives it.
//!
//! What it decides is pure ([`crate::balance`]); here it gets the time, samples of the machine, and the
//! administrator's [settings]. It is there while openMosix is on. A work item takes a [sample] some times a second and
//! calls [`tick`](balance::Balancer::tick) once in each period; then it [gossips](gossip), and what [follows](events)
//! from that is done.

pub(crate) mod about;
mod events;
pub(crate) mod evict;
pub(crate) mod gossip;
pub(crate) mod sample;
pub(crate) mod settings;
pub(crate) mod speed;
pub(crate) mod spent;

use kernel::{
    impl_has_delayed_work, new_delayed_work, new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex,
        SetOnce, //
    },
    workqueue::{
        DelayedWork,
        WorkItem, //
    },
};

use crate::{
    balance::{
        self,
        own::Own,
        vector::{
            Address,
            Vector, //
        },
        view::Slot,
        PERIOD_MS, //
    },
    deputy,
    load::{
        metric::STANDARD_SPEED,
        Processors, //
    },
    node::{
        self,
        map::MAX_NODES,
        Ip,
        NodeId, //
    },
    placement,
    sys::{
        crypto,
        machine::{
            self,
            now_ms, //
        },
        queue,
        task, //
    },
    wire::gossip::Gossip,
};
use settings::Settings;
use spent::Working;

/// Milliseconds between two samples.
const SAMPLE_MS: u32 = 250;

/// The balancer of a kernel.
pub(crate) type Balancer = balance::Balancer<KVVec<Slot>>;

/// What there is.
struct State {
    balancer: Option<Balancer>,
    settings: Settings,
    /// When the last period began.
    period_ms: u64,
}

/// See the module.
///
/// # Locks
///
/// `state` is a leaf: under it there is pure code only, which never waits.
#[pin_data]
struct Seat {
    #[pin]
    state: Mutex<State>,
    #[pin]
    pulse: DelayedWork<Seat>,
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self> for Seat { self.pulse }
}

static SEAT: SetOnce<Arc<Seat>> = SetOnce::new();

/// Makes ready; there is no balancer yet.
pub(crate) fn start() -> Result {
    let seat = Arc::pin_init(
        pin_init!(Seat {
            state <- new_mutex!(
                State {
                    balancer: None,
                    settings: Settings::new(),
                    period_ms: 0,
                },
                "balancer::Seat::state"
            ),
            pulse <- new_delayed_work!("balancer::Seat::pulse"),
        }),
        GFP_KERNEL,
    )?;
    SEAT.populate(seat);
    Ok(())
}

/// Uses the balancer, if openMosix is on. May sleep for a moment; `with` must not wait for anything.
pub(crate) fn with<R>(with: impl FnOnce(&mut Balancer) -> R) -> Option<R> {
    SEAT.as_ref()?.state.lock().balancer.as_mut().map(with)
}

/// What the administrator has set.
pub(crate) fn settings() -> Settings {
    SEAT.as_ref()
        .map_or(Settings::new(), |seat| seat.state.lock().settings)
}

/// Changes what the administrator has set. It stays while openMosix is off.
pub(crate) fn set(change: impl FnOnce(&mut Settings) -> Result) -> Result {
    let mut state = SEAT.as_ref().ok_or(ENODEV)?.state.lock();
    let State {
        balancer, settings, ..
    } = &mut *state;
    change(settings)?;
    if let Some(balancer) = balancer {
        settings.apply(&mut balancer.own);
    }
    Ok(())
}

/// An address as nodes tell it each other.
pub(crate) fn mapped(ip: Ip) -> Address {
    let mut address = [0; 16];
    let bits = u128::from(ip.to_bits()) | 0xffff << 32;
    address.copy_from_slice(&bits.to_be_bytes());
    address
}

/// Hears what happens on the links to other nodes.
pub(crate) const LISTENER: &dyn node::Listener = &gossip::Ear;

/// Follows the configuration: there is a balancer for this node as it is now, or none if openMosix is off.
///
/// Callers take turns.
pub(crate) fn refresh() -> Result {
    let seat = SEAT.as_ref().ok_or(ENODEV)?;
    let Some(me) = node::id_self() else {
        let old = seat.state.lock().balancer.take();
        drop(old);
        return Ok(());
    };
    let address = mapped(node::ip_self());
    if with(|balancer| balancer.own.node == me && balancer.own.address == address) != Some(true) {
        let mut new = make(me, address)?;
        let mut state = seat.state.lock();
        // Before anybody can ask whether there is room here.
        state.settings.apply(&mut new.own);
        let old = state.balancer.replace(new);
        drop(state);
        drop(old);
        queue::run_after(seat.clone(), 0);
    }
    set(|_| Ok(()))?;
    let mut nodes = KVVec::new();
    node::each(|id, ip| Ok(nodes.push((id, ip), GFP_KERNEL)?))?;
    let now_ms = now_ms();
    with(|balancer| {
        balancer
            .view
            .retain(|known| nodes.iter().any(|(id, _)| *id == known));
        for (id, ip) in &nodes {
            // Who is known already stays as it is known.
            let _ = balancer.introduce(now_ms, unheard(*id, *ip));
        }
    });
    Ok(())
}

/// A node that has said nothing yet.
fn unheard(id: NodeId, ip: Ip) -> Vector {
    Own::new(id, mapped(ip), 0, Processors::new(1, STANDARD_SPEED)).vector()
}

/// Says farewell, before openMosix is switched off.
pub(crate) fn farewell() {
    gossip::farewell();
}

fn make(me: NodeId, address: Address) -> Result<Balancer> {
    let cpus = machine::cpus();
    let life = u32::try_from(task::clocks().realtime / kernel::time::NSEC_PER_SEC).unwrap_or(0);
    let mut own = Own::new(me, address, life, Processors::new(cpus, speed::measured()));
    // Somebody may ask at once whether there is room here.
    own.sample(now_ms(), &sample::take());
    let mut store = KVVec::with_capacity(MAX_NODES, GFP_KERNEL)?;
    store.extend_with(MAX_NODES, Slot::EMPTY, GFP_KERNEL)?;
    let seed = u64::from_le_bytes(crypto::random());
    Ok(Balancer::new(own, seed, store))
}

impl WorkItem for Seat {
    type Pointer = Arc<Seat>;

    fn run(seat: Arc<Seat>) {
        let _working = Working::begin();
        let now_ms = now_ms();
        let sample = sample::take();
        if with(|balancer| balancer.own.sample(now_ms, &sample)).is_none() {
            // Switched off: who switches on begins again.
            return;
        }
        let period = {
            let mut state = seat.state.lock();
            let over = now_ms + u64::from(SAMPLE_MS) / 2 >= state.period_ms + PERIOD_MS;
            if over {
                state.period_ms = now_ms;
            }
            over
        };
        if period {
            // Processors may have come or gone.
            let _ = set(|_| Ok(()));
            tick(now_ms);
        }
        queue::run_after(seat, SAMPLE_MS);
    }
}

/// Once in each period. May sleep.
fn tick(now_ms: u64) {
    let mut events = KVec::new();
    let friends = deputy::list::nodes().unwrap_or_default();
    let asked = with(|balancer| {
        balancer.tick(now_ms, &friends, &mut |event| {
            // Without memory it is noticed by its link that a node is gone.
            let _ = events.push(event, GFP_KERNEL);
        })
    });
    for node in asked.into_iter().flatten().flatten() {
        gossip::send(node, Gossip::ASK);
    }
    events::happened(&events);
    evict::evict();
    bring();
    placement::tick();
}

/// Has all processes of this node come home, if the administrator said so.
fn bring() {
    if settings().bring {
        deputy::list::bring();
    }
}
