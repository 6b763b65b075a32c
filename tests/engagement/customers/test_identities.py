"""Who is who: links, merges, and the people who share a device and are never taken for one."""

import pytest
from django.test.utils import CaptureQueriesContext

from engagement.customers.models import Customer, Identity, Merge
from engagement.customers.queries import merged_customers
from engagement.customers.services.customers import ensure
from engagement.customers.services.identities import Names, merge, resolve

pytestmark = pytest.mark.django_db


def person(pk: int) -> str | None:
    return Customer.objects.get(pk=pk).external_id


def test_an_anonymous_visitor_stays_one_customer_and_turns_into_the_known_one():
    first = resolve([Names(None, "ghost"), Names(None, "ghost"), Names(None, "other")])
    assert first[0] == first[1] != first[2]
    known = resolve([Names("ada", "ghost"), Names("ada", None), Names(None, "ghost")])
    assert len(set(known)) == 1
    assert person(known[0]) == "ada"
    assert merged_customers() == {first[0]: known[0]}
    assert list(Merge.objects.values_list("merged", "into", "cause")) == [(first[0], known[0], "identify")]


def test_a_new_anonymous_id_that_comes_with_a_name_needs_no_merge():
    found = resolve([Names(None, "ghost"), Names("ada", "ghost")])
    assert found[0] == found[1]
    assert Customer.objects.count() == 1
    assert not Merge.objects.exists()


def test_two_who_share_a_device_are_two():
    ada = resolve([Names("ada", "tablet")])[0]
    both = resolve([Names("bob", "tablet"), Names(None, "tablet")])
    assert (person(both[0]), both[1]) == ("bob", ada)
    assert not Merge.objects.exists()
    # Even once somebody nameless was merged into ada through that device.
    resolve([Names(None, "phone")])
    resolve([Names("ada", "phone")])
    assert person(resolve([Names("bob", "phone")])[0]) == "bob"
    assert Merge.objects.count() == 1


def test_an_alias_makes_two_customer_ids_one_whoever_was_first():
    old, new = ensure(["old", "new"])
    assert resolve([Names("old", None), Names("new", None)], aliases=[("old", "new")]) == [new, new]
    assert ensure(["old", "new"]) == [new, new]
    again = resolve([Names("newest", None)], aliases=[("new", "newest"), ("old", "newest"), ("new", "newest")])
    assert merged_customers() == {old: again[0], new: again[0]}
    assert resolve([Names("old", None)], aliases=[("newest", "old")]) == again  # a circle is no news


def test_an_alias_may_name_an_anonymous_id():
    ghost = resolve([Names(None, "ghost")])[0]
    ada = resolve([Names("ada", None)], aliases=[("ghost", "ada")])[0]
    assert merged_customers() == {ghost: ada}
    assert resolve([Names(None, "ghost")]) == [ada]


def test_an_alias_from_a_shared_device_makes_nobody_one():
    ada, bob = resolve([Names("ada", "tablet"), Names("bob", None)])
    resolve([Names("bob", None)], aliases=[("tablet", "bob")])
    assert resolve([Names("ada", None), Names("bob", None), Names(None, "tablet")]) == [ada, bob, ada]
    assert not Merge.objects.exists()


def test_a_merge_keeps_what_was_known_and_leaves_nothing_personal_behind():
    old, new = ensure(["old", "new"])
    Customer.objects.filter(pk=old).update(email="o@example.org", traits={"plan": "gold", "city": "Oslo"})
    Customer.objects.filter(pk=new).update(locale="nb", traits={"plan": "basic"})
    merge(merged=old, into=new, cause="member")
    merge(merged=old, into=new, cause="member")
    stays, gone = Customer.objects.get(pk=new), Customer.objects.get(pk=old)
    assert (stays.email, stays.locale, stays.traits) == ("o@example.org", "nb", {"plan": "basic", "city": "Oslo"})
    assert (gone.email, gone.traits, gone.merged_into_id) == ("", {}, new)
    assert Merge.objects.count() == 1


def test_a_thousand_rows_take_no_more_queries_than_ten(django_assert_max_num_queries):
    def named(count: int, name: str) -> list[Names]:
        return [Names(f"{name}{n}", f"{name}-ghost{n}") if n % 2 else Names(None, f"{name}{n}") for n in range(count)]

    with django_assert_max_num_queries(40) as few:
        resolve(named(10, "a"))
    with django_assert_max_num_queries(40):
        resolve(named(800, "b"))
    assert isinstance(few, CaptureQueriesContext)
    assert Identity.objects.count() == 810
