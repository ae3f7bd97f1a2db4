from pathlib import Path

import pytest

from netdiag import boundary
from netdiag.boundary import Support
from netdiag.model import Area, Finding, Outcome, Owner
from netdiag.tomlfile import BadFileError


def finding(area_: Area, owner: Owner = Owner.SERVICE) -> Finding:
    class Sample(Finding):
        code = "sample"
        outcome = Outcome.PROBLEM
        area = area_
        usual_owner = owner

    return Sample(subject="x", evidence=())


@pytest.mark.parametrize(
    ("area", "support"),
    [
        (Area.DNS, Support.FIX),
        (Area.CONNECTIVITY, Support.FIX),
        (Area.ROUTING, Support.FIX),
        (Area.LOCAL, Support.FIX),
        (Area.SERVICE, Support.GUIDE),
        (Area.APPLICATION, Support.REFER),
    ],
)
def test_the_shipped_policy(area: Area, support: Support) -> None:
    assert boundary.default().support_for(finding(area)) is support


def test_the_shipped_policy_has_words_for_everything() -> None:
    policy = boundary.default()

    assert set(policy.wording) == set(Support)
    assert set(policy.owners) == set(Owner)
    assert policy.desk.cost_notice


def test_a_desk_overrides_rules_words_and_channels(tmp_path: Path) -> None:
    path = tmp_path / "boundary.toml"
    path.write_text(
        """
        [desk]
        name = "Example Hosting"
        phone = "+1 555 0100"
        [[rule]]
        area = "dns"
        owner = "registrar"
        support = "guide"
        [wording.guide]
        label = "we tell you how"
        text = "Here is how."
        """
    )

    policy = boundary.load(path)

    assert policy.support_for(finding(Area.DNS, Owner.REGISTRAR)) is Support.GUIDE
    assert policy.support_for(finding(Area.DNS, Owner.DNS_OPERATOR)) is Support.FIX
    assert policy.desk.phone == "+1 555 0100"
    assert policy.wording[Support.GUIDE].label == "we tell you how"
    assert policy.wording[Support.FIX] == boundary.default().wording[Support.FIX]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('[[rule]]\narea = "dns"\nsupport = "mend"\n', 3, "mend"),
        (
            '[[rule]]\narea = "dns"\nsupport = "fix"\n[[rule]]\narea = "moon"\nsupport = "fix"',
            5,
            "moon",
        ),
        ('[desk]\nname = "x"\n\nfax = "1"\n', 4, "fax"),
        ("[desk]\nname = 7\n", 2, "str"),
        ('[desk\nname = "x"\n', 1, "TOML"),
        ('[[rule]]\nsupport = "fix"\n', None, "area"),
    ],
)
def test_a_bad_policy_is_refused_with_file_line_and_reason(
    tmp_path: Path, text: str, line: int | None, reason: str
) -> None:
    path = tmp_path / "desk policy.toml"
    path.write_text(text)

    with pytest.raises(BadFileError) as refused:
        boundary.load(path)

    message = str(refused.value)
    assert message.startswith(f"{path}:{line}:" if line else f"{path}:")
    assert reason in message
    assert "\n" not in message


def test_a_missing_policy_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="No such file"):
        boundary.load(tmp_path / "none.toml")
