// SPDX-License-Identifier: GPL-2.0-only
//! The programs as their users meet them: output, messages, exit status.

mod docs;
mod migrate;
mod mosctl;
mod mosmon;
mod mosrun;
mod mps;
mod mtop;
mod omdiscd;
mod omsim;
mod setpe;
mod showmap;
mod unread;
