//! Strategies for `proptest`.

use std::sync::Arc;

use proptest::{collection::vec, option, prelude::*};
use rolecall_model::{OwnedRequest, PolicySet};

use crate::{
    aim::Aim,
    plan::{AttributePolicyPlan, BindingPlan, PolicyPlan, RolePlan, RulePlan, SubjectPlan},
    request::RequestPlan,
    sample::SamplePolicy,
};

/// Policies made up: RBAC and ABAC, in any modes.
pub fn policies() -> impl Strategy<Value = SamplePolicy> {
    policy_plans().prop_map(SamplePolicy::from)
}

/// Requests aimed at this policy: what some grant of it covers, mostly with one part changed.
///
/// What fails shrinks to one request that takes the earliest and plainest texts of the policy.
pub fn requests_for(policies: &PolicySet) -> impl Strategy<Value = OwnedRequest> + Clone + use<> {
    let aim = Arc::new(Aim::at(policies));
    request_plans().prop_map(move |plan| plan.request(&aim))
}

/// Policies made up, each with up to so many requests aimed at it.
pub fn policies_and_requests(
    most_requests: usize,
) -> impl Strategy<Value = (SamplePolicy, Vec<OwnedRequest>)> {
    (policies(), vec(request_plans(), 1..=most_requests.max(1))).prop_map(|(policies, plans)| {
        let aim = Aim::at(&policies);
        let requests = plans.iter().map(|plan| plan.request(&aim)).collect();
        (policies, requests)
    })
}

/// Plans of policies.
pub fn policy_plans() -> impl Strategy<Value = PolicyPlan> {
    let parts = (
        vec(role_plans(), 0..5),
        vec(binding_plans(), 0..7),
        vec(attribute_policy_plans(), 0..4),
        prop_oneof![3 => Just(0), 2 => 0..12_u8],
    );
    parts.prop_map(|(roles, bindings, attribute_policies, modes)| PolicyPlan {
        roles,
        bindings,
        attribute_policies,
        modes,
    })
}

/// Plans of requests.
pub fn request_plans() -> impl Strategy<Value = RequestPlan> + Clone {
    let aimed_at = (any::<u16>(), 0..8_u16, 0..8_u16, any::<u16>(), any::<u16>());
    let changed = (prop_oneof![1 => Just(0), 3 => 0..20_u8], any::<u16>(), vec(any::<u8>(), 0..3));
    (aimed_at, changed).prop_map(|((grant, subject, rule, entry, open), (change, into, groups))| {
        RequestPlan { grant, subject, rule, entry, open, change, into, groups }
    })
}

fn role_plans() -> impl Strategy<Value = RolePlan> {
    let parts = (option::weighted(0.4, namespace_numbers()), any::<u8>(), vec(rule_plans(), 0..4));
    parts.prop_map(|(namespace, name, rules)| RolePlan { namespace, name, rules })
}

/// Rules for resources, for paths, and now and then for both or for nothing.
fn rule_plans() -> impl Strategy<Value = RulePlan> {
    let lists = || vec(any::<u8>(), 1..4);
    let resources = (lists(), lists(), prop_oneof![3 => Just(Vec::new()), 1 => lists()]);
    let halves = prop_oneof![
        6 => resources.prop_map(|(groups, resources, names)| (groups, resources, names, Vec::new())),
        3 => lists().prop_map(|paths| (Vec::new(), Vec::new(), Vec::new(), paths)),
        1 => (vec(any::<u8>(), 0..3), vec(any::<u8>(), 0..3), vec(any::<u8>(), 0..3), vec(any::<u8>(), 0..3)),
    ];
    let verbs = prop_oneof![12 => vec(any::<u8>(), 1..4), 1 => Just(Vec::new())];
    let long = prop_oneof![12 => Just(0), 1 => 0..6_u8];
    (verbs, halves, long).prop_map(
        |(verbs, (api_groups, resources, resource_names, non_resource_urls), long)| RulePlan {
            verbs,
            api_groups,
            resources,
            resource_names,
            non_resource_urls,
            long,
        },
    )
}

fn binding_plans() -> impl Strategy<Value = BindingPlan> {
    let parts = (
        option::weighted(0.6, namespace_numbers()),
        any::<u8>(),
        0..8_u8,
        any::<u8>(),
        vec(subject_plans(), 0..4),
    );
    parts.prop_map(|(namespace, name, role_kind, role, subjects)| BindingPlan {
        namespace,
        name,
        role_kind,
        role,
        subjects,
    })
}

fn subject_plans() -> impl Strategy<Value = SubjectPlan> {
    let parts = (0..8_u8, any::<u8>(), option::of(any::<u8>()));
    parts.prop_map(|(kind, name, namespace)| SubjectPlan { kind, name, namespace })
}

fn attribute_policy_plans() -> impl Strategy<Value = AttributePolicyPlan> {
    let subject = (option::of(any::<u8>()), option::of(any::<u8>()), any::<bool>());
    let target = (option::of(any::<u8>()), option::of(any::<u8>()), option::of(any::<u8>()), any::<u8>());
    (subject, target).prop_map(
        |((user, group, read_only), (api_group, resource, namespace, non_resource_path))| {
            AttributePolicyPlan { user, group, read_only, api_group, resource, namespace, non_resource_path }
        },
    )
}

/// Mostly the first two namespaces, so that roles and bindings meet.
fn namespace_numbers() -> impl Strategy<Value = u8> {
    prop_oneof![4 => 0..2_u8, 1 => any::<u8>()]
}
