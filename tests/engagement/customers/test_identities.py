"""Who is who: links, merges, and the people who share a device and are never taken for one."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.customers.models import Customer, Identity, Merge
from engagement.customers.queries import merged_customers
from engagement.customers.services.customers import ensure
from engagement.customers.services.identities import Names, resolve
from engagement.customers.services.merges import merge

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
    merge([(old, new)], cause="member")
    merge([(old, new)], cause="member")
    stays, gone = Customer.objects.get(pk=new), Customer.objects.get(pk=old)
    assert (stays.email, stays.locale, stays.traits) == ("o@example.org", "nb", {"plan": "basic", "city": "Oslo"})
    assert (gone.email, gone.traits, gone.merged_into_id) == ("", {}, new)
    assert Merge.objects.count() == 1


def test_the_first_alias_of_somebody_nameless_is_the_one_that_holds():
    ghost = resolve([Names(None, "ghost")])[0]
    ada, bob = resolve([Names("ada", None), Names("bob", None)], aliases=[("ghost", "ada"), ("ghost", "bob")])
    assert ada != bob
    assert merged_customers() == {ghost: ada}


def test_merges_in_one_call_end_as_they_would_one_after_the_other():
    a, b, c, d, e = ensure(["a", "b", "c", "d", "e"])
    resolve([Names("a", "phone")])
    Customer.objects.filter(pk=a).update(traits={"from": "a", "plan": "a"}, locale="nb")
    Customer.objects.filter(pk=b).update(traits={"plan": "b"})
    merge([(e, a)], cause="alias")

    merge([(a, b), (b, c), (d, a), (c, e)], cause="alias")

    assert merged_customers() == {a: c, b: c, d: c, e: c}
    assert Customer.objects.get(pk=c).traits == {"from": "a", "plan": "b"}
    assert resolve([Names(None, "phone")]) == [c]
    assert list(Merge.objects.order_by("pk").values_list("merged", "into")) == [(e, a), (a, b), (b, c), (d, c)]


def test_two_hundred_merges_take_no_more_queries_than_two():
    def asked(count: int) -> int:
        ghosts = [Names(None, f"{count}-{n}") for n in range(count)]
        resolve(ghosts)
        Customer.objects.bulk_create([Customer(external_id=f"{count}-{n}") for n in range(2 * count)])
        with CaptureQueriesContext(connection) as captured:
            aliases = [(f"{count}-{n}", f"{count}-{n + count}") for n in range(0, count, 2)]
            resolve([Names(f"{count}-{n + count}", f"{count}-{n}") for n in range(count)], aliases=aliases)
        return len(captured)

    few, many = asked(2), asked(200)
    assert Merge.objects.count() == 202
    assert many <= few + 20  # rows are written a hundred at a time


def test_a_thousand_rows_take_no_more_queries_than_ten(django_assert_max_num_queries):
    def named(count: int, name: str) -> list[Names]:
        return [Names(f"{name}{n}", f"{name}-ghost{n}") if n % 2 else Names(None, f"{name}{n}") for n in range(count)]

    with django_assert_max_num_queries(40) as few:
        resolve(named(10, "a"))
    with django_assert_max_num_queries(40):
        resolve(named(800, "b"))
    assert isinstance(few, CaptureQueriesContext)
    assert Identity.objects.count() == 810
