//! The scripts for the AWS CLI, run by bash and the real AWS CLI against EC2 in memory, and looked over by shellcheck.
//!
//! What moto (5.2.1) does otherwise than EC2, and what is therefore not seen here: it forgets descriptions of prefix list rules,
//! leaves those of group references out of DescribeSecurityGroupRules (they are taken from DescribeSecurityGroups), and fails on
//! a protocol other than TCP, UDP and ICMP without ports.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod account;
mod applied;
mod hostile;
mod plans;
mod quota;
mod refused;
mod scripts;
