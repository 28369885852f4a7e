//! Rollouts as sentences: the twelve stories of delivery, the patterns of the tools that change
//! workloads, commit times, incidents and figures.

mod clocks;
mod figures;
mod incidents;
mod kinds;
mod outages;
mod patterns;
mod promoters;
mod returns;
mod stories;
mod waiting;
