"""A template as CloudFormation would see it for one choice of parameters.

    stack = Stack("template.yaml", Destination="s3", VpcIds="vpc-0a1b2c3d")
    stack.resources["Stream"]["Properties"]["DeliveryStreamName"]      # "sgflow"

Conditions are decided, functions are worked out, resources and properties that are not made are gone. What only AWS knows stands as
`<Bucket>` (Ref) or `<Bucket.Arn>` (GetAtt). Asking for anything of a resource that this choice does not make is an error, as it is for
CloudFormation; so is a parameter that its pattern refuses.
"""

import functools
import pathlib
import re

from samtranslator.yaml_helper import yaml_parse

DEPLOY = pathlib.Path(__file__).resolve().parent.parent

PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::StackName": "sgflow",
}

NOTHING = object()


class Refused(Exception):
    """CloudFormation would not make this stack."""


@functools.lru_cache
def _read(template):
    return yaml_parse((DEPLOY / template).read_text(encoding="utf-8"))


class Stack:
    def __init__(self, template, **parameters):
        self.template = _read(template)
        self.parameters = self._parameters(parameters)
        self._check_rules()
        self.made = {
            name
            for name, resource in self.template["Resources"].items()
            if "Condition" not in resource or self.condition(resource["Condition"])
        }
        self.resources = {name: self._value(self.template["Resources"][name]) for name in sorted(self.made)}
        self.outputs = {
            name: self._value(output["Value"])
            for name, output in self.template.get("Outputs", {}).items()
            if "Condition" not in output or self.condition(output["Condition"])
        }

    def properties(self, name):
        return self.resources[name]["Properties"]

    def of_type(self, kind):
        return {name: resource for name, resource in self.resources.items() if resource["Type"] == kind}

    def statements(self, role):
        """What a role may do: (actions, resources) of each statement of its policies."""
        found = []
        for policy in self.properties(role)["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                assert statement["Effect"] == "Allow", statement
                found.append((_listed(statement["Action"]), _listed(statement["Resource"])))
        return found

    def actions(self, role):
        return sorted(action for actions, _ in self.statements(role) for action in actions)

    def condition(self, name):
        return self._truth(self.template["Conditions"][name])

    def _parameters(self, given):
        declared = self.template["Parameters"]
        unknown = set(given) - set(declared)
        assert not unknown, f"no such parameters: {unknown}"
        values = {}
        for name, declaration in declared.items():
            value = given.get(name, declaration.get("Default"))
            if value is None:
                raise Refused(f"{name} is not given")
            text = str(value)
            items = text.split(",") if declaration["Type"] == "CommaDelimitedList" else [text]
            for item in items:
                if "AllowedPattern" in declaration and not re.fullmatch(declaration["AllowedPattern"], item):
                    raise Refused(f"{name}={item!r} does not match {declaration['AllowedPattern']}")
            if "AllowedValues" in declaration and text not in map(str, declaration["AllowedValues"]):
                raise Refused(f"{name}={text!r} is not one of {declaration['AllowedValues']}")
            if "MinValue" in declaration and not declaration["MinValue"] <= int(text) <= declaration["MaxValue"]:
                raise Refused(f"{name}={text} is out of range")
            values[name] = items if declaration["Type"] == "CommaDelimitedList" else text
        return values

    def _check_rules(self):
        for rule in self.template.get("Rules", {}).values():
            if self._truth(rule["RuleCondition"]):
                for assertion in rule["Assertions"]:
                    if not self._truth(assertion["Assert"]):
                        raise Refused(assertion["AssertDescription"])

    def _truth(self, test):
        ((function, operand),) = test.items()
        if function == "Condition":
            return self.condition(operand)
        if function == "Fn::Equals":
            left, right = (str(self._value(side)) for side in operand)
            return left == right
        if function == "Fn::Not":
            return not self._truth(operand[0])
        if function == "Fn::And":
            return all(self._truth(part) for part in operand)
        if function == "Fn::Contains":
            values, wanted = operand
            return self._value(wanted) in self._value(values)
        if function == "Fn::Or":
            return any(self._truth(part) for part in operand)
        raise AssertionError(f"not known here: {function}")

    def _value(self, value):
        if isinstance(value, list):
            return [item for item in map(self._value, value) if item is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, operand),) = value.items()
            if function == "Ref":
                return self._ref(operand)
            if function.startswith("Fn::"):
                return self._function(function, operand)
        worked_out = {key: self._value(item) for key, item in value.items()}
        return {key: item for key, item in worked_out.items() if item is not NOTHING}

    def _ref(self, name):
        if name == "AWS::NoValue":
            return NOTHING
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self.parameters:
            return self.parameters[name]
        return f"<{self._made(name)}>"

    def _function(self, function, operand):
        if function == "Fn::If":
            condition, then, otherwise = operand
            return self._value(then if self.condition(condition) else otherwise)
        if function == "Fn::FindInMap":
            name, *keys = map(self._value, operand)
            return functools.reduce(lambda table, key: table[key], keys, self.template["Mappings"][name])
        if function == "Fn::GetAtt":
            path = operand.split(".") if isinstance(operand, str) else operand
            self._made(path[0])
            return f"<{'.'.join(path)}>"
        if function == "Fn::Sub":
            return self._sub(operand)
        if function == "Fn::Join":
            separator, parts = operand
            return separator.join(self._value(parts))
        if function == "Fn::Split":
            separator, text = operand
            return self._value(text).split(separator)
        if function == "Fn::Select":
            index, items = operand
            items = self._value(items)
            if int(index) >= len(items):
                raise Refused(f"Fn::Select of {index} among {items}")
            return items[int(index)]
        raise AssertionError(f"not known here: {function}")

    def _sub(self, operand):
        text, names = (operand, {}) if isinstance(operand, str) else operand
        names = {name: self._value(value) for name, value in names.items()}

        def one(match):
            name = match.group(1)
            if name in names:
                return names[name]
            if "." in name:
                return self._function("Fn::GetAtt", name)
            value = self._ref(name)
            assert isinstance(value, str), f"Fn::Sub of the list {name}"
            return value

        return re.sub(r"\$\{([^!}][^}]*)\}", one, text)

    def _made(self, name):
        if name not in self.template["Resources"]:
            raise Refused(f"no resource {name}")
        if name not in self.made:
            raise Refused(f"{name} is asked for, and not made with {self.parameters}")
        return name


def _listed(one_or_many):
    return one_or_many if isinstance(one_or_many, list) else [one_or_many]
