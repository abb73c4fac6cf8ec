# The journey of tests/nixos/test_boot.py on a NixOS of its own: a person talks, acts and runs a command, while every unit is
# restarted and every process killed; a second machine writes turns for the first.
{ self }:

{
  name = "daimon-journey";

  nodes.box = { config, pkgs, lib, ... }: {
    imports = [ self.nixosModules.default ];
    services.daimon = {
      enable = true;
      listen = "0.0.0.0";
      llm.settings.ollama = "http://127.0.0.1:11434";
    };
    networking.firewall.allowedTCPPorts = [ 4222 ];
    systemd.services.model = {
      description = "A scripted model server";
      wantedBy = [ "multi-user.target" ];
      environment.PYTHONPATH = "${self}";
      serviceConfig.ExecStart = "${config.services.daimon.package}/bin/python -m tests.fakes.ollama --port 11434 --rate 20";
    };
    virtualisation.memorySize = 3072;
    environment.systemPackages = [ pkgs.curl pkgs.jq ];
  };

  nodes.second = {
    imports = [ self.nixosModules.default ];
    services.daimon = {
      natsUrl = "nats://box:4222";
      llm.enable = true;
      llm.settings.ollama = "http://box:11434";
      credentialsDirectory = "/etc/daimon";
    };
    virtualisation.memorySize = 2048;
  };

  testScript = ''
    import json

    UNITS = ["daimon-gateway", "daimon-ghost", "daimon-llm", "daimon-memory", "daimon-sandbox", "daimon-tasks", "daimon-ui", "daimon-undo", "nats", "postgresql"]
    PAGE = "http://127.0.0.1:8400"
    WORDS = " ".join(f"word{number}" for number in range(50))

    def curl(path, *words):
        return box.succeed(" ".join(["curl --silent --show-error --fail --retry 20 --retry-all-errors --retry-delay 1",
            f"--cookie /tmp/jar --cookie-jar /tmp/jar --header 'Origin: {PAGE}'", *words, f"{PAGE}{path}"]))

    def say(text, conversation):
        body = json.dumps({"text": text})
        told = curl(f"/api/chat/{conversation}", "--header 'Content-Type: application/json'", "--header 'Prefer: respond-async'", f"--data '{body}'")
        return json.loads(told)["turn"]

    def answered(conversation, turn):
        box.wait_until_succeeds(
            f"curl --silent --fail --cookie /tmp/jar {PAGE}/api/conversations/{conversation}"
            f" | jq --exit-status '.exchanges[] | select(.turn == \"{turn}\" and .outcome != null)'")
        found = json.loads(curl(f"/api/conversations/{conversation}"))["exchanges"]
        return next(each for each in found if each["turn"] == turn)

    def ask(text, conversation):
        return answered(conversation, say(text, conversation))

    box.start()
    for unit in UNITS:
        box.wait_for_unit(f"{unit}.service")
    box.wait_for_unit("daimon.target")

    with subtest("a person signs in, talks, acts and runs a command"):
        link = box.succeed("daimon link --home /var/lib/daimon").split()
        path = next(word for word in link if "/in/" in word).removeprefix(PAGE)
        curl(path, "--request POST", "--output /dev/null")
        assert ask("hello there", "first")["answer"] == "You said: hello there"
        assert ask("add buy milk to my list", "first")["tools"][0]["ok"]
        assert "buy milk" in curl("/api/tasks")
        assert "box" in ask("run id -un", "first")["answer"]

    with subtest("an answer outlives the restart and the kill of any unit"):
        for unit in UNITS:
            for number, way in enumerate(["restart", "kill --kill-whom=main --signal=KILL"]):
                turn = say(WORDS, f"{unit}-{number}")
                box.succeed(f"systemctl {way} {unit}.service")
                said = answered(f"{unit}-{number}", turn)
                assert said["outcome"] == "done" and said["answer"] == f"You said: {WORDS}", said
                box.wait_for_unit(f"{unit}.service")

    with subtest("everything is there after all was stopped"):
        box.succeed("systemctl stop daimon.target daimon.slice daimon-boxes.slice nats postgresql")
        box.succeed("systemctl start daimon.target")
        box.wait_for_unit("daimon-gateway.service")
        assert "buy milk" in curl("/api/tasks")
        box.succeed("daimon doctor --home /var/lib/daimon")

    with subtest("no password is in the store, and every service is confined"):
        box.succeed("! grep --recursive --files-with-matches --fixed-strings --file /var/lib/daimon/credentials/llm /etc/systemd/system/")
        for unit in UNITS[:7]:
            most = 24 if unit == "daimon-sandbox" else 11
            box.succeed(f"systemd-analyze security --threshold={most} {unit}.service")

    with subtest("a second machine writes turns for the first"):
        password = box.succeed("cat /var/lib/daimon/credentials/llm").strip()
        second.start()
        second.succeed(f"install -d -m 0700 /etc/daimon && umask 077 && printf %s '{password}' > /etc/daimon/llm")
        second.succeed("systemctl restart daimon-llm.service")
        second.wait_for_unit("daimon-llm.service")
        second.fail("systemctl cat daimon-gateway.service")
  '';
}
