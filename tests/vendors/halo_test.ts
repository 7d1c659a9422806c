import { testConversation } from "./conversation.ts";
import { conversations } from "./halo.ts";

conversations.forEach(testConversation);
