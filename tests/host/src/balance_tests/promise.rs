// SPDX-License-Identifier: GPL-2.0-only

//! What counts at a node that was sent processes, until it tells of them itself.

use super::cluster::{id, loaded, process, sample, Cluster};

/// Node 1 has sixteen processes, begins one more, and sends it to node 2. How many node 2 is believed to have beside it.
fn begins_one(cluster: &mut Cluster) -> u32 {
    let now = cluster.now;
    let burst = process(1, 1);
    let node = cluster.node(1);
    node.own.sample(now, &sample(16));
    let decision = node.choose_at_exec(now, &burst, 1_000);
    assert_eq!(decision.to, Some(id(2)), "{decision}");
    node.offer(now, &burst, id(2)).believed / 100
}

/// Time goes on; node 2 says how many run there.
fn says(cluster: &mut Cluster, ms: u64, running: u32) {
    cluster.now += ms;
    let now = cluster.now;
    cluster.node(1).tick(now, &[], &mut |_| ());
    cluster.tell(1, 2, |it| it.running = 100 * running);
}

#[test]
fn what_was_sent_counts_until_it_is_told_of() {
    let mut cluster = loaded(16, 1);
    assert_eq!(begins_one(&mut cluster), 0);
    // It is not yet among those that node 2 tells of, or already; that is not known.
    says(&mut cluster, 900, 1);
    assert_eq!(begins_one(&mut cluster), 2);
    // Now the first one is, but perhaps not the second.
    says(&mut cluster, 500, 2);
    assert_eq!(begins_one(&mut cluster), 3);
    says(&mut cluster, 2_000, 3);
    assert_eq!(begins_one(&mut cluster), 3);
}

#[test]
fn who_is_sent_one_after_the_other_is_not_believed_to_have_them_all() {
    let mut cluster = loaded(16, 1);
    for _ in 0..40 {
        // Each ends before the next one begins.
        says(&mut cluster, 400, 0);
        let believed = begins_one(&mut cluster);
        assert!(believed <= 4, "{believed}");
    }
}
