"""The list of conversations in a real browser: found, pinned, tagged, put away, deleted, and long."""

from __future__ import annotations

from playwright.async_api import expect

from daimon.up import state
from proto import chat, titles
from proto.base import Caller
from proto.events import happened
from services.runtime.bus import Bus
from services.runtime.settings import BusSettings
from tests.browser.conftest import say

CONVERSATIONS = 130
EXCHANGES = 60


async def told(system, user: str, talks: dict[str, int]) -> None:
    """Write conversations of so many exchanges into the log, as the llm service would, and wait until SQL has them."""
    running = state.read_running(system.home)
    password = str(system.home.credentials / "llm")
    async with Bus.open(BusSettings(url=running.nats_url, user="llm", password_file=password), "telling") as bus:
        for name, count in talks.items():
            caller, parent = Caller(user=user, conversation=name), ""
            for number in range(count):
                asked = happened(chat.Asked(text=f"{name} question {number}", parent=parent), caller)
                parent = asked.id
                await bus.journal.append(asked)
                if not number:
                    await bus.journal.append(happened(titles.Titled(title=f"About {name}"), caller))
                answered = chat.Answered(turn=parent, text=f"{name} answer {number}")
                await bus.journal.append(happened(answered, caller))
    await system.caught_up()


async def test_a_conversation_is_pinned_tagged_archived_deleted_and_restored(visitor):
    page = await visitor.page()
    await say(page, "hello there")
    await expect(page.locator("#lines-open li")).to_have_count(1)
    await page.wait_for_url("**/chat/*")
    other = await page.context.new_page()
    await other.goto("/conversations")
    await page.get_by_text("This conversation").click()
    await page.get_by_role("button", name="Pin", exact=True).click()
    await expect(page.locator("#lines-pinned li")).to_have_count(1)
    await expect(other.locator("#lines-pinned li")).to_have_count(1)
    await expect(page.get_by_role("button", name="Unpin")).to_be_visible()
    await page.get_by_label("Tags").fill("work, two words")
    await page.get_by_role("button", name="Set tags").click()
    await expect(other.locator("#lines-pinned .tag")).to_have_text(["work", "two words"])
    await other.get_by_role("button", name="Archive").click()
    await expect(other.locator("#lines li")).to_have_count(0)
    await expect(page.locator("#lines li")).to_have_count(0)
    await expect(page.locator("#marks")).to_contain_text("Archived")
    await other.goto("/conversations?shelf=archived")
    await other.get_by_role("button", name="Delete").click()
    await expect(page.locator("#marks")).to_contain_text("Deleted")
    await other.goto("/conversations?shelf=deleted")
    await other.get_by_role("button", name="Restore").click()
    await expect(other.locator("#lines li")).to_have_count(0)
    await expect(page.locator("#marks")).not_to_contain_text("Deleted")
    await page.get_by_role("button", name="Take out of the archive").click()
    await expect(page.locator("#lines-pinned li")).to_have_count(1)


async def test_the_list_is_searched_while_it_is_typed_and_without_a_script(visitor, system):
    await told(system, visitor.user, {"bicycle": 1, "bread": 1})
    page = await visitor.page()
    await page.get_by_label("Find a conversation").press_sequentially("bicy")
    await expect(page.locator("#found .lines li")).to_have_count(1)
    await expect(page.locator("#found")).to_contain_text("About bicycle")
    await expect(page.locator("#lines")).to_be_hidden()
    await page.get_by_label("Find a conversation").fill("nothing like it")
    await expect(page.locator("#found")).to_contain_text("No title or tag")
    await page.get_by_label("Find a conversation").fill("")
    await expect(page.locator("#lines")).to_be_visible()
    bare = await visitor.page("/conversations", java_script_enabled=False)
    await bare.get_by_label("Find a conversation").fill("bread")
    await bare.get_by_role("button", name="Find").click()
    await expect(bare.locator("#lines li")).to_have_count(1)
    await bare.get_by_role("button", name="Delete").click()
    await expect(bare.locator("#lines")).to_contain_text("bicycle")
    await expect(bare.locator("#lines li")).to_have_count(1)


async def test_a_long_list_comes_piece_by_piece_and_a_new_message_is_on_top(visitor, system):
    await told(system, visitor.user, {f"talk{number:03}": 1 for number in range(CONVERSATIONS)})
    page = await visitor.page()
    await expect(page.locator("#lines-open li:not(.further)")).not_to_have_count(0)
    assert await page.locator("#lines-open li").count() < CONVERSATIONS
    lines = page.locator("#lines-open li:not(.further)")
    while (shown := await lines.count()) < CONVERSATIONS:
        await lines.last.scroll_into_view_if_needed()
        await expect(lines).not_to_have_count(shown)
    await expect(page.locator("#lines-open .further")).to_have_count(0)
    listed = await page.locator("#lines-open .title").all_inner_texts()
    assert listed == [f"About talk{number:03}" for number in reversed(range(CONVERSATIONS))]
    await page.goto("/chat/talk007")
    await say(page, "again")
    await expect(page.locator("#lines-open .title").first).to_have_text("About talk007")
    await expect(page.locator("#lines-open [data-line=talk007]")).to_have_count(1)


async def test_a_long_conversation_opens_at_its_end_and_is_read_back_to_its_beginning(visitor, system):
    await told(system, visitor.user, {"long": EXCHANGES})
    page = await visitor.page("/chat/long")
    await expect(page.locator(".turn").last).to_contain_text(f"long answer {EXCHANGES - 1}")
    assert await page.locator(".turn").count() < EXCHANGES
    while (shown := await page.locator(".turn").count()) < EXCHANGES:
        await page.locator(".scroll").evaluate("scroller => scroller.scrollTo(0, -scroller.scrollHeight)")
        await expect(page.locator(".turn")).not_to_have_count(shown)
    await expect(page.locator(".earlier")).to_have_count(0)
    asked = await page.locator(".turn .said").all_inner_texts()
    assert asked == [f"long question {number}" for number in range(EXCHANGES)]
    bare = await visitor.page("/chat/long", java_script_enabled=False)
    await bare.locator(".earlier a").click()
    await expect(bare.locator(".turn").last).to_contain_text(f"long answer {EXCHANGES - 21}")
    await bare.get_by_role("link", name="Back to the end").click()
    await expect(bare.locator(".turn").last).to_contain_text(f"long answer {EXCHANGES - 1}")


async def test_forgetting_a_conversation_says_what_goes_and_erases_it(visitor):
    page = await visitor.page()
    await say(page, "a secret word")
    await expect(page.locator(".turn[aria-busy=false]")).to_have_count(1)
    await page.wait_for_url("**/chat/*")
    here = page.url
    await page.reload()
    await page.get_by_text("This conversation").click()
    await page.get_by_role("button", name="Delete").click()
    await page.get_by_text("Forget it for good").click()
    await expect(page.locator("#marks")).to_contain_text("Nothing brings it back")
    await page.get_by_role("button", name="Forget this conversation for good").click()
    await page.wait_for_url(lambda url: url != here)
    await page.goto(here)
    await expect(page.locator(".turn")).to_have_count(0)
