//! A policy with requests whose answers are known.

use std::time::Instant;

use rolecall::{Authorizer, OwnedRequest, Request, model::PolicySet};
use rolecall_engine::Engine;
use rolecall_reference::Reference;
use rolecall_testkit::{Shape, Traffic};

use crate::cluster::Cluster;

/// How many requests are made for a policy: enough that they do not all stay in the caches.
const REQUESTS: usize = 20_000;

/// How many comparisons with the linear interpreter a policy is worth, in bindings looked at.
const COMPARED: usize = 200_000_000;

/// How many bindings the linear interpreter may look at while it is timed.
const LINEAR: usize = 200_000_000;

/// A policy with requests.
#[derive(Debug)]
pub struct Workload {
    /// What it is called in the tables.
    pub name: String,
    /// The policy.
    pub policies: PolicySet,
    /// The requests, each with whether it is made to be allowed.
    pub requests: Vec<(OwnedRequest, bool)>,
}

impl Workload {
    /// The cluster of `bench-data/gen_cluster.py`.
    ///
    /// # Panics
    ///
    /// As [`Cluster::generate`].
    pub fn shared(bindings: u32) -> Self {
        let cluster = Cluster::generate(bindings as usize);
        let policies = cluster.policies.model().clone();
        Self { name: "gen_cluster.py".to_owned(), policies, requests: cluster.requests }
    }

    /// The cluster that `testkit` makes up.
    ///
    /// # Panics
    ///
    /// Never: there are fewer than 2³² bindings.
    pub fn made_up(bindings: u32, traffic: Traffic) -> Self {
        let cluster = rolecall_testkit::Cluster::new(bindings);
        Self {
            name: "testkit".to_owned(),
            policies: cluster.policies().expect("fewer than 2³² objects"),
            requests: made_up_requests(&cluster, traffic),
        }
    }

    /// A shape that hurt people elsewhere.
    ///
    /// # Panics
    ///
    /// Never: it has fewer than 2³² bindings.
    pub fn shape(shape: Shape, divisor: u32) -> Self {
        Self {
            name: shape.name().to_owned(),
            policies: shape.policies(divisor).expect("fewer than 2³² objects"),
            requests: shape.requests(divisor),
        }
    }

    /// Holds every answer to what the request was made for, and as many as there is time for to the reference.
    ///
    /// # Panics
    ///
    /// When one is another.
    pub fn check(&self, engine: &Engine) {
        let reference = Reference::new(&self.policies);
        let compared = COMPARED / self.policies.bindings().len().max(1);
        for (index, (request, allowed)) in self.requests.iter().enumerate() {
            let request = request.as_request();
            let decision = engine.authorize(&request);
            assert_eq!(decision.is_allow(), *allowed, "{}, request {index}: {request:?}", self.name);
            if index < compared {
                assert_eq!(decision, reference.authorize(&request), "{}, request {index}", self.name);
            }
        }
    }

    /// The nanoseconds that the linear interpreter takes for a decision: the median of three rounds of few.
    ///
    /// # Panics
    ///
    /// When there are no requests.
    pub fn linear(&self) -> f64 {
        let reference = Reference::new(&self.policies);
        let count = (LINEAR / 3 / self.policies.bindings().len().max(1)).clamp(10, 2000);
        let requests: Vec<_> =
            self.requests.iter().take(count).map(|(request, _)| request.as_request()).collect();
        let mut rounds = [0.0; 3].map(|_: f64| {
            let begin = Instant::now();
            let allowed = requests.iter().filter(|request| reference.authorize(request).is_allow()).count();
            std::hint::black_box(allowed);
            begin.elapsed().as_secs_f64() * 1e9 / f64::from(u32::try_from(requests.len()).expect("few"))
        });
        rounds.sort_by(f64::total_cmp);
        rounds[1]
    }
}

/// Requests of a made-up cluster.
pub fn made_up_requests(cluster: &rolecall_testkit::Cluster, traffic: Traffic) -> Vec<(OwnedRequest, bool)> {
    let count = if crate::is_measuring() { REQUESTS } else { REQUESTS / 10 };
    let requests = cluster.requests(traffic).take(count);
    requests.map(|asked| (asked.request, asked.kind.is_allowed())).collect()
}

/// Requests as they are asked, with the lists of groups that they borrow.
#[derive(Debug)]
pub struct Asked<'a> {
    requests: &'a [(OwnedRequest, bool)],
    groups: Vec<Vec<&'a str>>,
}

impl<'a> Asked<'a> {
    /// The requests of a workload.
    pub fn new(requests: &'a [(OwnedRequest, bool)]) -> Self {
        let groups = requests.iter().map(|(request, _)| request.groups.iter().map(String::as_str).collect());
        Self { requests, groups: groups.collect() }
    }

    /// The requests, without anything that a decision would have to allocate.
    pub fn borrowed(&self) -> Vec<Request<'_>> {
        self.requests
            .iter()
            .zip(&self.groups)
            .map(|((request, _), groups)| Request {
                user: &request.user,
                groups: groups.into(),
                verb: &request.verb,
                target: request.target.as_target(),
            })
            .collect()
    }
}
